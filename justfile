# Everyday commands; `.ci/run` is the whole check in a fresh environment.

default: lint types test

# The fast suite
test *arguments:
    pytest {{arguments}}

# Calibrations and fuzzing
slow:
    pytest -m slow

lint:
    ruff check .
    ruff format --check .

format:
    ruff check --fix .
    ruff format .

types:
    pyright

# README, methods and examples against the code
docs:
    pytest tests/test_docs.py -n 0

# Every family on every table in which nothing is there
contract *arguments:
    python benchmarks/contract.py {{arguments}}

# The report of the README
report:
    heldout explain examples/data/affairs.csv --out report

ci:
    .ci/run
