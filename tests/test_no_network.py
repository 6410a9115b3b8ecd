"""No telemetry and no network: the deterministic path under a filter of the kernel that ends who opens a socket."""

import subprocess
import sys
from pathlib import Path

import pytest
from test_architecture import FILES, NETWORK_LIBRARIES, _imported

ROOT = Path(__file__).resolve().parents[1]
FILTER = '''
import ctypes
import platform
import struct


def forbid_sockets():
    """From here on the kernel ends this process, and each that it starts, at a socket of the internet."""
    jump, load, back = 0x15, 0x20, 0x06
    socket = {"x86_64": 41, "aarch64": 198}.get(platform.machine())
    if socket is None:
        raise SystemExit(77)
    code = [
        (load, 0, 0, 0), (jump, 0, 3, socket),  # the number of the call
        (load, 0, 0, 16), (jump, 2, 0, 2), (jump, 1, 0, 10),  # its first argument: AF_INET, AF_INET6
        (back, 0, 0, 0x7FFF0000), (back, 0, 0, 0x80000000),  # let it pass, or kill the process
    ]
    packed = b"".join(struct.pack("HBBI", *one) for one in code)
    buffer = ctypes.create_string_buffer(packed)
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise SystemExit(77)


forbid_sockets()
'''
KILLED = -31
"""SIGSYS."""
PATH = """
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import heldout
from heldout.agent.questions import inquiry
from heldout.agent.chat import Chat

folder = Path(sys.argv[1])
rng = np.random.default_rng(7)
n = 600
plan = rng.choice(["basic", "gold"], n)
amount = 40 + 12 * (plan == "gold") + rng.normal(0, 10, n)
frame = pd.DataFrame({"plan": plan, "amount": amount.round(2), "noise": rng.normal(0, 1, n).round(3),
                      "note": rng.choice(["late parcel", "broken box", "all well"], n)})
file = folder / "orders.csv"
frame.to_csv(file, index=False)
report = heldout.explain(file)
report.save(folder / "report")
report.to_terminal()
report._repr_html_()
heldout.verify(file, ["amount higher for plan=gold"], ledger=folder / "verify.jsonl").to_markdown()
with inquiry(file, ledger=folder / "ask.jsonl") as asked:
    talk = Chat(asked)
    page = folder / "answers.html"
    for said in ("amount higher for plan=gold", "mean amount by plan", f"/export html {page}", "/reveal"):
        print(talk.reply(said))
heldout.learn(file, folder / "claims.yml", ledger=folder / "learn.jsonl")
frame.sample(frac=1, random_state=1).iloc[:300].to_parquet(folder / "new.parquet")
heldout.review(folder / "new.parquet", folder / "claims.yml", when="2026-01-01").save(folder / "review")
print("DONE")
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", FILTER + code, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this kernel sets no filter")
    return done


@linux
def test_without_a_model_no_step_opens_a_socket(tmp_path: Path) -> None:
    done = _run(PATH, tmp_path)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "Understood: The mean of amount" in done.stdout, "a fact, whose query runs in a process of its own"
    assert "VERIFIED on sealed rows" in done.stdout
    assert done.stdout.endswith("DONE\n")
    assert (tmp_path / "report" / "report.html").exists()
    assert (tmp_path / "review" / "review.html").exists()


@linux
@pytest.mark.parametrize(
    "code",
    [
        "import socket\nsocket.socket()",
        "import socket\nsocket.getaddrinfo('localhost', 80); socket.create_connection(('::1', 9))",
        'import duckdb\nduckdb.connect().execute("SET autoinstall_known_extensions = true; '
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')\")",
        "import subprocess, sys\nsys.exit(subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'])"
        ".returncode)",
    ],
)
def test_the_filter_ends_who_opens_one(code: str, tmp_path: Path) -> None:
    assert _run(code, tmp_path).returncode in (KILLED, 225)


def test_the_network_is_known_to_two_modules_alone() -> None:
    """What posts a review, and what reads a table of a server; a model's library is looked for elsewhere."""
    network = {*NETWORK_LIBRARIES, "ssl", "pg8000"}
    knowing = {n for n in FILES for m, _ in _imported(n) if m.split(".")[0] in network and m != "urllib.parse"}
    assert knowing == {"heldout.agent.review.postgres", "heldout.agent.review.webhook"}
