select office, role, relation, most, sensitivity, until, visible, reason
from rights_explain(:incident::text, :account::text, :office::text, :role::int2)
