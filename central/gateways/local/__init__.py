"""What stands in for other people's systems on one machine: servers with a page to look at.

    python -m central.gateways.local phone --port 8090 --token WORD --report-secret whsec_…
    python -m central.gateways.local register --port 8091 --file register.csv --page-port 8092 …

They speak the protocols of central/gateways/README.md and can be told to misbehave.
"""
