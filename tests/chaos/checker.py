"""What must hold after any storm. Pure: takes what was promised and what was seen, gives counts; tried by the controls too."""
import collections
import dataclasses


@dataclasses.dataclass
class Verdict:
  lost: int = 0       # acknowledged and not there
  dup: int = 0        # there, or delivered, more than once
  gaps: int = 0       # there and not delivered
  disorder: int = 0   # delivered before something that comes before it
  strange: int = 0    # delivered and not there

  def add(self, other):
    for field in dataclasses.fields(self):
      setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
    return self

  def clean(self):
    return not any(dataclasses.astuple(self))

  def __str__(self):
    text = f"lost={self.lost} dup={self.dup} gaps={self.gaps} disorder={self.disorder}"
    return text + (f" strange={self.strange}" if self.strange else "")


def check_acks(acked, stored):
  """acked: keys that were acknowledged; stored: the key of every row, in any order."""
  count = collections.Counter(stored)
  return Verdict(lost=sum(1 for key in set(acked) if not count[key]), dup=sum(n - 1 for n in count.values() if n > 1))


def check_watch(seen, truth):
  """seen: what one watcher was delivered, in its order; truth: what it should have been, in the feed's order."""
  place = {event: i for i, event in enumerate(truth)}
  once = list(dict.fromkeys(seen))
  known = [place[event] for event in once if event in place]
  return Verdict(dup=len(seen) - len(once), gaps=len(truth) - len(known), strange=len(once) - len(known),
                 disorder=sum(1 for a, b in zip(known, known[1:]) if a > b))
