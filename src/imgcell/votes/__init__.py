"""Which of two pictures is better, asked blindly; and the ranking of whatever made them.

:class:`Votes` are the raw votes, from wherever they come; :class:`Study` asks them about a sheet, keeps them under
``<home>/votes/`` and chooses the next pair.  The page that asks is :func:`imgcell.vote`; nothing here needs one.
"""

from imgcell.votes.ballot import CHOICES, Ballot
from imgcell.votes.cast import Votes
from imgcell.votes.study import Pair, Study

__all__ = ["CHOICES", "Ballot", "Pair", "Study", "Votes"]
