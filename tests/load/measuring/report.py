"""Samples of all repetitions, their medians, and the lines that are printed."""
import statistics

FOREIGN_MOST = 40  # percent of a core: a run during which strangers took more is left out where a cleaner one exists


class Sheet:
  def __init__(self):
    self.samples = {}  # (name, who) -> [(value, foreign)]
    self.skips, self.failures = {}, {}

  def add(self, name, who, value, foreign=0.0):
    self.samples.setdefault((name, who), []).append((value, foreign))

  def skip(self, name, why):
    self.skips.setdefault(name, [])
    if why not in self.skips[name]:
      self.skips[name].append(why)

  def fail(self, name, why):
    self.failures.setdefault(name, why)

  def chosen(self, name, who):
    taken = self.samples.get((name, who), [])
    return [v for v, foreign in taken if foreign <= FOREIGN_MOST] or [v for v, _ in taken]

  def median(self, name, who):
    values = self.chosen(name, who)
    return statistics.median(values) if values else None

  def note(self, name, who):
    taken = self.samples[(name, who)]
    values = self.chosen(name, who)
    disturbed = len(taken) - len([1 for _, foreign in taken if foreign <= FOREIGN_MOST])
    return (f"{name} {who}: {show(statistics.median(values))} [{show(min(values))}..{show(max(values))}] of {len(taken)}" +
            (f", {disturbed} disturbed by others" if disturbed else ""))

  def lines(self, figure):
    """All lines of one figure."""
    name = figure.name
    if name in self.failures:
      yield f"fail {name}: {self.failures[name]}"
      return
    value = self.median(name, "liandong")
    references = [(who, self.median(name, who)) for who in figure.references]
    measured = [(who, other) for who, other in references if other]
    if value is not None and not measured:
      yield f"figure {name} {show(value)} {figure.unit}"
    if value is not None:
      for who, other in measured:
        yield f"figure {name} {show(value)} {figure.unit} ratio {value / other:.2f} of {who}"
    for why in self.skips.get(name, []):
      yield f"skip {name}: {why}"


def show(value):
  return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}"
