"""WSMan over HTTP in front of a real PowerShell engine: pypsrp and the workers drive Microsoft's own PSRP server.

The sandbox's HTTP, logon and WS-Management; behind them, instead of the sandbox's runspace pool, one `pwsh -s` process
a shell. `python -m tests.bridge --help` starts it, `tests.bridge.process` starts it for a test.
"""
