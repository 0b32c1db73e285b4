"""An access turned into a store: which kind, which folder, how its names and files are written."""

from __future__ import annotations

from jutong.dataplane.engines.addresses import resolve
from jutong.dataplane.errors import RuleBroken
from jutong.dataplane.files.local import LocalStore, allowed_folder
from jutong.dataplane.files.s3 import Bucket, S3Store
from jutong.dataplane.files.stores import Names, Store
from jutong.dataplane.settings import current
from jutong.wire.bundle import Access

STORES = ("local", "sftp", "s3")


async def store_of(access: Access) -> Store:
    """Return the store of an access; connections are made when first needed.

    Access.database: the folder (S3: bucket/prefix). options: store (`STORES`), names (encoding of file names), host_key
    (SFTP), region (S3). tls other than disable: HTTPS for S3. RuleBroken for a folder or address that is not allowed.
    """
    kind, names = access.options.get("store", "local"), Names(access.options.get("names", ""))
    if kind == "local":
        return LocalStore(allowed_folder(access.database, current().file_folders), names)
    if kind == "sftp":
        from jutong.dataplane.files.sftp import Host, SftpStore, pinned  # its library is a tenth of a runner's memory

        pinned(access.options.get("host_key", ""))
        address = await resolve(access.host, access.port or 22, "")
        host = Host(address, access.port or 22, access.user, access.password, access.options["host_key"])
        return SftpStore(host, access.database, names)
    if kind == "s3":
        plain = access.tls == "disable"
        address = await resolve(access.host, access.port or (80 if plain else 443), "")
        host_name = address if plain else access.host  # with TLS the certificate holds the name to its owner
        endpoint = f"[{host_name}]" if ":" in host_name else host_name
        endpoint += f":{access.port}" if access.port else ""
        region = access.options.get("region") or "us-east-1"
        scheme = "http" if plain else "https"
        return S3Store(Bucket(endpoint, scheme, access.database, access.user, access.password, region))
    raise RuleBroken(f"不支持的文件存储“{kind}”，支持：{'、'.join(STORES)}。")
