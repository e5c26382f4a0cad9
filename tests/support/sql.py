"""SQL from the tests through libpq itself (ctypes): Debian's python3 has no driver, and a psql per statement is slow."""
import ctypes
import ctypes.util


class SqlError(Exception):
  def __init__(self, text, state):
    super().__init__(f"{state}: {text.strip()}")
    self.state = state


def library():
  pq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
  for name, result, arguments in (
      ("PQconnectdb", ctypes.c_void_p, (ctypes.c_char_p,)),
      ("PQstatus", ctypes.c_int, (ctypes.c_void_p,)),
      ("PQerrorMessage", ctypes.c_char_p, (ctypes.c_void_p,)),
      ("PQfinish", None, (ctypes.c_void_p,)),
      ("PQexecParams", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
                                         ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)),
      ("PQprepare", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)),
      ("PQexecPrepared", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p,
                                           ctypes.c_void_p, ctypes.c_int)),
      ("PQexec", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)),
      ("PQresultStatus", ctypes.c_int, (ctypes.c_void_p,)),
      ("PQresultErrorField", ctypes.c_char_p, (ctypes.c_void_p, ctypes.c_int)),
      ("PQresultErrorMessage", ctypes.c_char_p, (ctypes.c_void_p,)),
      ("PQntuples", ctypes.c_int, (ctypes.c_void_p,)),
      ("PQnfields", ctypes.c_int, (ctypes.c_void_p,)),
      ("PQgetvalue", ctypes.c_char_p, (ctypes.c_void_p, ctypes.c_int, ctypes.c_int)),
      ("PQgetisnull", ctypes.c_int, (ctypes.c_void_p, ctypes.c_int, ctypes.c_int)),
      ("PQclear", None, (ctypes.c_void_p,))):
    function = getattr(pq, name)
    function.restype, function.argtypes = result, arguments
  return pq


class Session:
  """One connection. Rows are tuples of str or None; bytea comes as its hex text."""
  pq = None

  def __init__(self, conninfo):
    Session.pq = Session.pq or library()
    self.link = self.pq.PQconnectdb(conninfo.encode())
    if self.pq.PQstatus(self.link) != 0:
      text = self.pq.PQerrorMessage(self.link).decode()
      self.close()
      raise SqlError(text, "08000")
    self.prepared = {}

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()

  def close(self):
    self.pq.PQfinish(self.link)
    self.link = None

  def rows(self, statement, *values):
    """One statement with $1…, or several without values."""
    if values:
      return self.read(self.pq.PQexecParams(self.link, statement.encode(), len(values), None, self.texts(values), None, None, 0))
    return self.read(self.pq.PQexec(self.link, statement.encode()))

  def rows_prepared(self, statement, *values):
    """The same for one that is carried out again and again, as the server does: parsed once in this session."""
    name = self.prepared.get(statement)
    if name is None:
      name = self.prepared[statement] = f"s{len(self.prepared)}".encode()
      self.read(self.pq.PQprepare(self.link, name, statement.encode(), 0, None))
    return self.read(self.pq.PQexecPrepared(self.link, name, len(values), self.texts(values), None, None, 0))

  @staticmethod
  def texts(values):
    return (ctypes.c_char_p * len(values))(*(None if v is None else str(v).encode() for v in values))

  def read(self, result):
    try:
      if self.pq.PQresultStatus(result) not in (1, 2):
        state = self.pq.PQresultErrorField(result, ord("C")) or b"08000"
        raise SqlError(self.pq.PQresultErrorMessage(result).decode() or "connection lost", state.decode())
      columns = range(self.pq.PQnfields(result))
      return [tuple(None if self.pq.PQgetisnull(result, r, c) else self.pq.PQgetvalue(result, r, c).decode()
                    for c in columns) for r in range(self.pq.PQntuples(result))]
    finally:
      self.pq.PQclear(result)

  def value(self, statement, *values):
    found = self.rows(statement, *values)
    return found[0][0] if found else None
