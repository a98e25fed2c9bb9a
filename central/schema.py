"""All tables of the server together: whoever needs the whole schema imports it from here.

A module that defines tables is imported here, or migrations and their test do not know of it.
"""

from central import owner_tables, tables  # noqa: F401

metadata = tables.metadata
