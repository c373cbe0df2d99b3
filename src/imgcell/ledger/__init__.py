"""What was sent, and what came of it: written before it is sent, durable when the call returns.

::

    <home>/ledger/<UTC date>-<pid>-<random>.jsonl    one file for each process; one line, one write, one fsync
    <home>/ledger/<the same>.jsonl.lock              locked for as long as that process lives
    <home>/ledger/ended.txt                          names of files in which nothing is open any more
    <home>/spool/<attempt>.part                      the answer: a line of JSON (status, headers), then the body
                                                     without its pictures
    <home>/spool/<attempt>.<k>.bin                   the k-th picture of the answer

A line is ASCII JSON: ``v`` (1), ``attempt``, ``state``, ``time`` (UTC), and facts.  Of one request there may be lines in
several files: whoever looks after a dead process's requests writes their ends (``recovered``) into its own.  The states:

=============  ============================================================================================
sending        before the request; with all that is asked for
answered       the whole answer is in the spool; ``files`` names its pictures and their digests
url            the picture's address is known, before it is fetched; ``extract`` is the number of the file that it goes to
not-sent       end: nothing was sent
turned-away    end: the provider was busy, nothing was made
refused        end: the provider refused, nothing was made
done           end: the pictures are in the library (or, where its disk failed, ``elsewhere``)
unknown        end: it may have been charged
paid-unread    end: paid for, and not usable; the spool has what came
paid-pending   end: paid for, and not yet fetched
settled        after an end that left it open: the user says whether it was ``charged``, and how much
=============  ============================================================================================

RELIABILITY.md sections 1.5 and 5.3 say why.
"""

from __future__ import annotations

from imgcell.files.spool import SpoolFile
from imgcell.ledger.attempt import Attempt
from imgcell.ledger.lines import ENDS, SETTLED
from imgcell.ledger.reading import pending, read_ledger
from imgcell.ledger.writing import Ledger, MemoryLedger

__all__ = ["ENDS", "SETTLED", "Attempt", "Ledger", "MemoryLedger", "SpoolFile", "pending", "read_ledger"]
