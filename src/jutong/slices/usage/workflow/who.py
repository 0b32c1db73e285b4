"""Who acts on ledgers, use records and disposals."""

from __future__ import annotations

from typing import Final

from jutong.kernel.actors import Role, Who
from jutong.kernel.terms import N_

HEADS: Final = (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
CONSUMER: Final = Who("consumer", N_("使用方经办人员"), (Role.DATA_OFFICER, Role.CLERK, *HEADS), of="consumer_id")
CONSUMER_HEAD: Final = Who("consumer_unit_head", N_("使用方共享工作机构负责人"), HEADS, of="consumer_id")
PROVIDER: Final = Who("provider", N_("提供方数据专员或共享工作机构"), (Role.DATA_OFFICER, *HEADS), of="provider_id")
AUTHORITY: Final = Who("authority", N_("主管部门"), (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD), of="authority_id")
