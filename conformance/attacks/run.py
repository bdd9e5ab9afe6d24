"""Runs the attacks that argv names."""
import attack
import channels
import destination
import echo
import framing
import http2
import names
import operations
import placeholders
import rules

attack.main()
