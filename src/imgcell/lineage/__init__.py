"""What came of what: families of pictures, the cell or the recipe that makes one again.

``holdings`` knows what there is, ``family`` who belongs to whom, ``shown``, ``page`` and ``lines`` show it; ``chain`` says
which jobs make a picture again, ``recipe`` writes and reads that as JSON, ``celltext`` as a cell.  ``answers`` is what a
:class:`~imgcell.pictures.Picture` asks.  Running jobs is the client's: it is handed in (:class:`imgcell.lineage.chain.Runner`).
"""
