"""A server that speaks Solapi's API v4, for the local stack and for tests: it sends nothing to anybody.

It keeps its own record of what it took, delivered and billed (`/_simulator/record`), which is what a test
believes, and makes mistakes when it is told to (`/_simulator/faults`).
"""
