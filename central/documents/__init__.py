"""Documents of the case office: `issue` makes one within the caller's transaction.

issued = documents.issue(db, case_id, "立案审批表", utc_ms, {"person": user_id})
"""

from central.documents.content import Incomplete
from central.documents.forms import KINDS
from central.documents.issuing import Asked, Issued, asked, issue, preview
from central.documents.numbers import NumberError, spoil

__all__ = [
    "KINDS",
    "Asked",
    "Incomplete",
    "Issued",
    "NumberError",
    "asked",
    "issue",
    "preview",
    "spoil",
]
