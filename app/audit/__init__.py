"""The independent auditor: proves from the ledger that nothing was lost, or names what was.

It imports nothing of the engine that it checks; what it knows of the facts it knows from
`docs/state-machine.md` alone. See `docs/audit.md`.
"""
