"""The local stack: embedded server, API, two workers and a simulated Windows host on free loopback ports."""
