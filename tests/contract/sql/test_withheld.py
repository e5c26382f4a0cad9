"""Who may execute what: nobody by default, and of what runs under the owner's rights the server's role what it needs, by name."""
from support.runner import case

AS_OWNER = set("""
  clock_pause clock_resume clocks_start clock_stop clocks_due import_calendar trust_time
  alert_auto alert_follow alert_receipt_take
  attachment_admit attachment_drop attachment_give_up attachment_keep attachment_open journal_read
  clock_start_at
  access_change event_named event_subject account_known account_rows add_account administers administers_account approval_known approval_page approval_rule_now approval_take approvals_used read_rule_now row_counted rows_sensitive rows_since approves assign_account assign_area audience_now audit_any break_glass decide_review glass_own glass_shut review_page reviews_due
  audit_append audit_denied audit_flush audit_grown audit_named audit_page audit_verify change_area change_office change_position close_area close_position decide_approval directory_changes
  directory_day directory_work_out duty_rows end_login enrol_device feed_append feed_before feed_grown feed_past feed_verify heads_due
  incident_search_page incident_store invite_device issue_code login_begin login_resume login_rows login_secret logins_seen node_beat node_forget
  node_kick node_order_give open_area open_office open_position pair_offices part_offices password_set post_rows records_opened records_told records_verify remove_duty
  caller_code plan_follow task_make transfer_crossed transfer_follow
  renew_device report_incidents reveals_since revoke_device rights_reasons sealing_behind sealing_catch_up search_catch_up search_refresh
  dispute_meets merge_follow party_follow person_is_merged person_merged person_move person_part proposal_catch_up
  given_tell given_to given_to_addressed grade_follow link_follow record_number record_open record_react mediation_store session_note session_private record_shut record_store set_account_state set_duty signatures_broken unassign_account unassign_area""".split())

# Rules with such a word of their own; what nodes are told; and the audit, which is for whom the table of requests lets ask for it.
WITHOUT = {"audit", "dispute_mark", "node_order", "proposal_class"}


@case
def nobody_may_execute_by_default(ground):
  with ground.district() as d:
    assert d.sql("select p.oid::regprocedure from pg_proc p where p.pronamespace = 'liandong'::regnamespace"
                 " and has_function_privilege('public', p.oid, 'execute') order by 1") == []
    d.sql("set role liandong_owner")
    d.sql("create function liandong.made_later() returns int4 language sql as 'select 1'")
    assert d.sql("select has_function_privilege('public', 'liandong.made_later()', 'execute')") == [("f",)]
    d.sql("reset role")


@case
def what_runs_as_the_owner(ground):
  """A new one stands here once somebody has thought about what it gives to a server that was taken over."""
  with ground.district() as d:
    found = {row[0] for row in d.sql("select p.proname from pg_proc p where p.pronamespace = 'liandong'::regnamespace and p.prosecdef"
                                     " and has_function_privilege('liandong_app', p.oid, 'execute')")}
    assert found == AS_OWNER, f"not in the list: {sorted(found - AS_OWNER)}; only in the list: {sorted(AS_OWNER - found)}"
    assert d.sql("select p.oid::regprocedure from pg_proc p where p.pronamespace = 'liandong'::regnamespace and p.prosecdef"
                 " and not coalesce(array_to_string(p.proconfig, ' ') like '%search_path=liandong, pg_catalog, pg_temp%', false)") == []


@case
def what_is_of_a_record_is_hidden_with_it(ground):
  """Every table that the server's role reads and that names a record, or has words about one, is behind row-level security, its owner's too."""
  words = "num record entity about dispute incident alert attachment title content note note_open note_private terms place reporter name_index phone_index".split()
  with ground.district() as d:
    found = d.sql("select c.relname, string_agg(a.attname, ' ' order by a.attnum) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
                  " where c.relnamespace = 'liandong'::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)"
                  " and has_column_privilege('liandong_app', c.oid, a.attnum, 'select') and a.attname = any (string_to_array($1, ' ')) group by 1 order by 1", " ".join(words))
    assert not [row for row in found if row[0] not in WITHOUT], found
