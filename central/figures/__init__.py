"""What the office did, in figures: facts of single cases, added up per month, site and camera."""
