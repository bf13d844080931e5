"""Handshake: hear the customer, decide by the users' rules, reach the right person in time.

Start reading at `app.flow`, which is the whole product in one table.
"""

__version__ = "0.1.0"
