"""All tables of the server together: whoever needs the whole schema imports it from here.

A module that defines tables is named here, or migrations and their test do not know of it.
"""

from central import (
    act_tables,
    billing_tables,
    desk_tables,
    document_tables,
    office_tables,
    owner_tables,
    reminder_tables,
    sharing_tables,
    tables,
)

MODULES = (
    tables,
    document_tables,
    billing_tables,
    owner_tables,
    sharing_tables,
    desk_tables,
    office_tables,
    act_tables,
    reminder_tables,
)
metadata = tables.metadata
