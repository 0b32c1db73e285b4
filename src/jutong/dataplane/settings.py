"""Settings of the data plane, read from the environment (JUTONG_…); every field says what it is for."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return the data folder used when JUTONG_HOME is unset: /var/lib/jutong as root, else below the user's own."""
    return Path("/var/lib/jutong") if os.geteuid() == 0 else Path.home() / ".local/share/jutong"


class Settings(BaseSettings):
    """Everything an operator may set for a gateway, a runner or a front-end node."""

    model_config = SettingsConfigDict(env_prefix="JUTONG_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=default_home, description="数据目录")
    node: str = Field(default="gateway", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="本节点名称")
    control_url: str = Field(default="http://127.0.0.1:8000", description="控制面的内部地址")
    database_url: str = Field(default="", description="PostgreSQL 地址；为空时运行账本用本节点的 SQLite 文件")
    book_url: str = Field(default="", description="运行账本的数据库地址；为空时同 JUTONG_DATABASE_URL")
    gateway_bind: str = Field(default="127.0.0.1:8010", description="网关监听地址")
    probe_bind: str = Field(default="127.0.0.1:8021", description="数据源探测服务监听地址")
    source_addresses: tuple[str, ...] = Field(
        default=(),
        description="允许连接的数据源网段（CIDR，JSON 数组；以 / 开头的是允许的套接字目录和 SQLite 文件目录）；为空时除回环、链路本地、组播地址和本机套接字外都可以",
    )
    file_folders: tuple[str, ...] = Field(
        default=(),
        description="允许作为文件数据源的本机目录（绝对路径，JSON 数组，含其下级）；为空时不允许本机目录",
    )
    file_bytes_per_second: int = Field(default=0, ge=0, description="一个文件交换任务的带宽上限（字节每秒）；0 为不限")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="可信反向代理的网段；来自它们的 X-Forwarded-For 才被采信"
    )
    zone: str = Field(
        default="",
        description="本节点所在网络区域；非空时只受理同一区域登记的业务系统；不是政务内网（inner）的，一律不提供标有涉密标记的资源",
    )
    body_limit: int = Field(default=1_048_576, ge=1024, description="网关请求体上限（字节）")
    clock_tolerance_seconds: int = Field(default=300, ge=1, le=900, description="调用时间与本机时间的最大偏差（秒）")
    keys_per_call: int = Field(default=1000, ge=1, le=1000, description="一次查询最多的记录标识个数")
    gathered_keys: int = Field(default=500, ge=1, description="合并为一次数据源查询的最多记录标识个数")
    lookup_seconds: float = Field(default=10.0, gt=0, description="等待数据源回答的最长时间（秒）")
    downloads_at_once: int = Field(default=2000, ge=1, description="同时进行的最多批量下载数，超过时请稍后重试")
    downloads_per_system: int = Field(default=16, ge=1, description="一个业务系统或个人同时进行的最多批量下载数")
    waiting_calls: int = Field(default=2000, ge=1, description="同时处理的最多调用数，超过时请稍后重试")
    bundle_wait_seconds: int = Field(default=25, ge=1, le=60, description="长轮询授权包的等待时间（秒）")
    chain_segment_lines: int = Field(default=2_000, ge=1, le=10_000, description="审计链文件每段最多行数")
    chain_segment_seconds: float = Field(default=10.0, gt=0, description="审计链文件每段最长时间（秒）")
    chain_keep_days: int = Field(default=30, ge=1, description="已送达中心的审计链文件在本机保留天数")
    transfer_runs: int = Field(default=2, ge=1, le=32, description="一个传输进程同时执行的最多任务数")
    source_runs: int = Field(default=2, ge=1, le=32, description="同一数据源上同时执行的最多传输任务数")
    change_log_mib: int = Field(
        default=10_240, ge=1, description="一个变更捕获任务最多让数据源保留的变更日志（MiB），超过时放弃并重新全量复制"
    )
    change_log_seconds: float = Field(default=60.0, gt=0, description="检查变更日志占用的间隔（秒）")
    transfer_attempts: int = Field(default=8, ge=1, description="数据源暂不可用时一个传输任务的最多尝试次数")
    transfer_lease_seconds: float = Field(
        default=30.0, gt=1, description="传输任务租约时长，进程失联后多久由他人接手（秒）"
    )
    artefact_days: int = Field(default=7, ge=1, description="批量文件的默认保留天数")
    metrics_addresses: tuple[str, ...] = Field(
        default=("127.0.0.1", "::1"), description="可读取网关指标（/metrics）的地址名单（网段），按直接连接的地址判断"
    )
    runner_metrics: str = Field(default="127.0.0.1:8032", description="传输进程的指标监听地址；为空时不提供")
    log_format: Literal["text", "json"] = Field(default="text", description="日志格式：text 文本，json 每行一个 JSON")
    tunnel_questions: int = Field(default=64, ge=1, description="一台前置机的联机通道中同时等待应答的最多查询数")
    exchange_folder: Path | None = Field(
        default=None, description="前置机文件交换目录（发件箱 outbox、收件箱 inbox）；为空时为数据目录下的 exchange"
    )
    status_bind: str = Field(default="127.0.0.1:8031", description="前置机本机状态页的监听地址，只能是回环地址")
    usage_seconds: float = Field(default=10.0, gt=0, description="调用统计上报间隔（秒）")

    @property
    def node_folder(self) -> Path:
        """Return the folder of this node's secret, keys, bundle cache and chain."""
        return self.home / "nodes" / self.node

    @property
    def boxes_folder(self) -> Path:
        """Return the folder of a front-end node's outbox, inbox and parcel queue."""
        return self.exchange_folder or self.home / "exchange"

    @property
    def artefact_folder(self) -> Path:
        """Return the folder of the encrypted batch files."""
        return self.home / "artefacts"

    @property
    def book_location(self) -> str:
        """Return where the book is: a postgresql:// URL, or sqlite:///PATH on a node without a server."""
        return self.book_url or self.database_url or f"sqlite:///{self.node_folder / 'book.sqlite3'}"


def current() -> Settings:
    """Return the settings as the environment has them now; they are read anew only where it has changed."""
    return _read(tuple(sorted(pair for pair in os.environ.items() if pair[0].upper().startswith("JUTONG_"))))


@lru_cache(maxsize=1)
def _read(environment: tuple[tuple[str, str], ...]) -> Settings:
    del environment
    return Settings()
