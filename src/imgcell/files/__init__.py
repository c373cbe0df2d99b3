"""How imgcell writes to the disk: a few verbs (``disk``), shared fsyncs (``group``), files filled in the background (``spool``).

Ledger and store write through these and nothing else, so that a test can make any single write, fsync or rename fail,
or end the process there.
"""
