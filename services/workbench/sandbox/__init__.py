"""The sandbox: a process that plays the operator's CRM, ISMP and SMS gateway, well-behaved or not, and keeps a book.

For trying an integration alone. What it is told and what it answers is never real: see docs/sandbox.md.
"""
