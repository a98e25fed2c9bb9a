"""Other people's systems that the office asks or tells: telephones, registers, payment.

Each is a small interface with adapters to named services. What stands in for them on one machine
(`python -m central.gateways.local`) is a server of its own, reached through the same adapter.
"""
