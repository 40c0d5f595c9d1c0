"""Dead letters as a table: collected from the queue, looked at, tried without effect, applied once each.

letters     the table: what died, of what, how often; edit and discard
collecting  from the dead-letter queue into the table
payload     a body for people's eyes, and an edit of it
recording   twins of a handler's ports that do nothing and say what they would have done
rehearsal   a handler really run, then rolled back
replays     frozen selections and what became of each letter
replayer    the worker's loop over replays
"""
