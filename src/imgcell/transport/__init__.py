"""Driving a flow over the network: connections, money-safe tries, limits, keys, downloads.

The only place on the client's side that knows httpx.
"""
