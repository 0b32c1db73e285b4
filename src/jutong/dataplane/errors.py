"""What the data plane refuses: one class per line of the refusal table, each with the sentence a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from jutong.wire.envelope import Problem


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A refusal with its Chinese sentence; `code` and `status` follow the one table of the project.

    of_source: the source did not give what was asked of it.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "无法处理"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.of_source = False

    def problem(self, trace: str = "") -> Problem:
        """Return the refusal as problem+json; `trace` names the line in the audit chain."""
        return Problem(title=self.title, status=self.status, code=self.code, detail=self.sentence, instance=trace)


class Unauthenticated(Refusal):
    """Nobody we know, or not proven."""

    status, code, title = 401, "unauthenticated", "身份未通过认证"


class Unregistered(Unauthenticated):
    """A key that no registered system has: whoever is not registered may not exchange anything (R-EXC-002)."""

    status, code, title = 403, "forbidden", "没有权限"

    def __init__(self) -> None:
        super().__init__("没有业务系统登记了该调用密钥；未在平台登记的系统不能交换数据，请先由所属部门登记并领取密钥。")


class NotAllowed(Refusal):
    """Known, but without the right."""

    status, code, title = 403, "forbidden", "没有权限"


class Misuse(NotAllowed):
    """A refusal that the provider should hear of (R-SHR-017); `kind` as in `wire.Evidence`."""

    def __init__(self, sentence: str, kind: str, grant_id: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.grant_id = grant_id


class NotThere(Refusal):
    """Not there, or not for you to know that it is."""

    status, code, title = 404, "not_found", "未找到"


class Conflict(Refusal):
    """Done already, or by another."""

    status, code, title = 409, "conflict", "操作冲突"


class TooLarge(Refusal):
    """More than is taken at once."""

    status, code, title = 413, "too_large", "内容过大"


class RuleBroken(Refusal):
    """The input breaks a rule that the sentence names."""

    status, code, title = 422, "validation_error", "内容不符合要求"


class TooMany(Refusal):
    """A quota is used up."""

    status, code, title = 429, "too_many", "超出限额"


class Unavailable(Refusal):
    """Not now: a source, the audit chain or the control plane is away."""

    status, code, title = 503, "unavailable", "服务暂不可用"


@contextmanager
def at_source(*, live: bool = True) -> Iterator[None]:
    """Mark what is refused in here as the source's: it did not give what was asked of it.

    live: the rows come from the source itself, not from a parcel or a correction.
    """
    try:
        yield
    except Refusal as refusal:
        refusal.of_source = live
        raise
