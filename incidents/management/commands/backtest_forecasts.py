"""Says how good forecasts would have been."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from incidents.services.forecast_curves import back_test
from incidents.sla.forecasting import MIN_CASES
from tracker import clock


class Command(BaseCommand):
    """`backtest_forecasts`: each week by what was known at its beginning, forecast beside outcome."""

    help = "Asks of each promise since so many days what was known in its week, and compares. Reads only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--days", type=int, default=90, choices=range(1, 3651), metavar="DAYS")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        now = clock.now()
        result = back_test(first=now - timedelta(days=options["days"]), last=now)
        self.stdout.write("forecast     mean   breached   of how many")
        for row in result.trials:
            height = f"{row.low * 100:3.0f}-{row.high * 100:3.0f} %"
            self.stdout.write(f"{height}  {row.forecast:6.1%}   {row.observed:8.1%}   {row.asked:11,}")
        if not result.trials:
            self.stdout.write("Nothing to compare: too little was decided before, or nothing since.")
        self.stdout.write(
            f"Score {result.score:.4f} (0 is perfect), {result.plain_score:.4f} by the overall share alone; "
            f"{result.unasked:,} with under {MIN_CASES} like cases."
        )
