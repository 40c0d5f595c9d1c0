"""Commands: a unit of work in, domain rules, events out."""
