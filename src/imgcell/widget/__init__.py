"""The Studio: prompt box, references, masks and results in a cell."""
