"""The exceptions a user can meet, by what the user must do. Holds values, imports nothing, logs nothing.

    HeldoutError
    ├── DataError (ValueError)         the data cannot be read or are not fit: change the file or the flags
    ├── UsageError (ValueError)        an option or argument is off: change the call
    ├── HypothesisError (ValueError)   a hypothesis does not fit the grammar or the data: reword it
    ├── ModelUnavailable               a language model was asked for and cannot be: install it or set its key
    ├── LedgerError                    the record of what was spent stands in the way
    │   ├── TamperedLedger             the file was edited, cut or reordered: restore it
    │   ├── SealBroken                 sealed rows were asked for without a receipt that covers the claim
    │   └── NoVaultLeft                every sealed portion is spent: bring new rows
    ├── QueryRefused                   a query holds what may not be run: write it without
    └── QueryFailed                    a query was run and failed, or asked for too much: write it otherwise

A caveat in the statistics is a warning in the evidence, never an exception.
"""


class HeldoutError(Exception):
    """Every error this package raises on purpose; its text is one or two sentences for the user."""


class DataError(HeldoutError, ValueError):
    """The data cannot be read, are empty, or exceed a declared limit."""


class UsageError(HeldoutError, ValueError):
    """An option or argument has a value that cannot be used."""


class HypothesisError(HeldoutError, ValueError):
    """A hypothesis does not fit the grammar or names what the data do not have."""


class ModelUnavailable(HeldoutError):
    """A language model was asked for that this installation or environment cannot reach."""


class LedgerError(HeldoutError):
    """The ledger cannot be read, written or extended."""


class TamperedLedger(LedgerError):
    """An entry of the ledger does not match its hash or its predecessor."""


class SealBroken(LedgerError):
    """Sealed rows were asked for without a receipt that covers the hypothesis."""


class NoVaultLeft(LedgerError):
    """Every vault of this data set has been opened for another batch."""


class QueryRefused(HeldoutError):
    """A query was not run, because of a construct that its text names."""


class QueryFailed(HeldoutError):
    """A query was run and failed or was stopped; the text names the kind and columns, never a cell."""
