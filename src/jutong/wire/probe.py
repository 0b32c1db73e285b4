"""Questions the control plane asks about a data source; only the data plane ever connects to one."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from jutong.wire.grants import Column, Kind, Masking, Operator


class Filter(msgspec.Struct, frozen=True):
    """One row condition of a preview, on the column as it is mounted."""

    column: Column
    operator: Operator
    values: tuple[str, ...] = ()


class ProbeRequest(msgspec.Struct, frozen=True):
    """`what`: test, tables, schema, preview or profile. `sealed`: an `Access`, SM2-sealed to the data plane's key.

    filters: of a preview, which rows are shown.
    """

    what: str
    engine: str
    sealed: bytes
    schema: str = ""
    table: str = ""
    columns: tuple[Column, ...] = ()
    limit: int = 20
    filters: tuple[Filter, ...] = ()


class FoundColumn(msgspec.Struct, frozen=True):
    """A column as the source describes it."""

    name: str
    kind: Kind
    native: str
    comment: str
    nullable: bool
    primary_key: bool


class FoundTable(msgspec.Struct, frozen=True):
    """A table as the source describes it; `rows` is the source's estimate."""

    schema: str
    name: str
    comment: str
    rows: int
    columns: tuple[FoundColumn, ...] = ()


class Meaning(StrEnum):
    """What the values of a column are, recognised where they lie; only the verdict travels."""

    IDENTITY = "identity"  # resident identity number, GB 11643, check character right
    CREDIT_CODE = "credit_code"  # unified social credit code, GB 32100, check character right
    PHONE = "phone"
    BANK_CARD = "bank_card"
    EMAIL = "email"
    NAME = "name"
    ORGANISATION = "organisation"
    ADDRESS = "address"
    DIVISION = "division"
    DATE = "date"  # a date written as text
    AMOUNT = "amount"


class ColumnProfile(msgspec.Struct, frozen=True):
    """What a column holds, of the `Profile.seen` rows.

    filled: rows with a value; distinct: different values, None where nobody counted. least, greatest: canonical texts of
    numbers and times, empty for texts and for whatever may identify a person. shortest, longest: characters of a text.
    meaning: what `share` percent of the sampled values are. examples: a few values masked as `masking` says; where
    `shapes`, only their form (9 a digit, A a letter, 字 a character).
    """

    name: str
    filled: int
    distinct: int | None = None
    least: str = ""
    greatest: str = ""
    shortest: int = 0
    longest: int = 0
    meaning: Meaning | None = None
    share: int = 0
    masking: Masking = Masking.NONE
    examples: tuple[str, ...] = ()
    shapes: bool = False


class Profile(msgspec.Struct, frozen=True):
    """A look over a table. rows: how many it has, as counted where `exact`, else as its database estimates.

    seen: over how many of them the columns were counted.
    """

    rows: int
    seen: int
    exact: bool
    columns: tuple[ColumnProfile, ...]


class ProbeAnswer(msgspec.Struct, frozen=True):
    """`ok` with what was asked, or not `ok` with a Chinese sentence in `message`."""

    ok: bool
    message: str = ""
    version: str = ""
    tables: tuple[FoundTable, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    profile: Profile | None = None
