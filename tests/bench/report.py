"""What a run prints: rows of figures as they come, and at the end which bars hold."""
COLUMNS = ("ops/s", "gateway us", "all us", "p50 us", "p99 us", "foreign")
QUIET = 0.25  # cores that others may use


class Bars:
    """What must hold, and whether it does."""

    def __init__(self):
        self.rows, self.foreign = [], 0.0

    def at_most(self, what, value, bar, unit=""):
        self.add(what, value, "<=", bar, unit, value <= bar)

    def at_least(self, what, value, bar, unit=""):
        self.add(what, value, ">=", bar, unit, value >= bar)

    def add(self, what, value, sign, bar, unit, holds):
        self.rows.append(f"{'PASS' if holds else 'MISS'}  {what}: {value:.2f}{unit} "
                         f"({sign} {bar:.2f}{unit})")

    def rows_of(self, got):
        """A row for each side, which is remembered for how busy others were."""
        for name, medians in got.items():
            row(name, medians)
            self.foreign = max(self.foreign, medians["foreign"])

    def print(self):
        if self.rows:
            print("\n" + "\n".join(self.rows))
        if self.foreign > QUIET:
            print(f"\nOther programs used up to {self.foreign:.1f} cores meanwhile: measure again "
                  "on a quiet machine.")


def title(text, columns=COLUMNS):
    print(f"\n== {text}", flush=True)
    if columns:
        print(" " * 26 + "".join(f"{column:>12}" for column in columns), flush=True)


def row(name, got):
    print(f"{name:26}{got['rate']:12,.0f}{got['gateway_us']:12.2f}{got['all_us']:12.2f}"
          f"{got['p50_us']:12,.0f}{got['p99_us']:12,.0f}{got['foreign']:12.2f}", flush=True)


def ratio_row(name, one, other):
    print(f"{name:26}" + "".join(f"{one[key] / max(other[key], 1e-9):12.2f}" for key in
                                 ("rate", "gateway_us", "all_us", "p50_us", "p99_us")), flush=True)


def figure(name, value, unit, note=""):
    print(f"{name:38}{value:12,.2f} {unit}{'  ' + note if note else ''}", flush=True)
