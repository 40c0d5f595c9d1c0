"""Commands of the students context: a unit of work in, changes and events out."""
