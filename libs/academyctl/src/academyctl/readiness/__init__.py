"""`academyctl readiness`: is everything that the services stand on there, and of the right shape?

`checks` is the table of contents; each line of the report is one of its codes.
"""
