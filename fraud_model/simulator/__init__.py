"""Card payments that never were: people, merchants and seven ways of fraud, seeded, with the odds beside them."""

from fraud_model.simulator.run import Simulation, simulate
from fraud_model.simulator.scenarios import Scenario

__all__ = ["Scenario", "Simulation", "simulate"]
