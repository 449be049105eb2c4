; id: sql-from-strings
; severity: warning
; message: This SQL is put together from text, so that what is put in can change what it does: use parameters.
; near: (?i)["'`]\s*(select|insert\s+into|update|delete\s+from)\s|\b(where|order|having|find_by_sql)\b.*#\{
;;; query python
(call function: [(identifier) @function (attribute attribute: (identifier) @function)]
  arguments: (argument_list . [(string) (binary_operator) (call)] @report)
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
;;; query javascript typescript tsx
(call_expression function: [(identifier) @function (member_expression property: (property_identifier) @function)]
  arguments: (arguments . [(template_string) (binary_expression)] @report)
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
;;; query java
(method_invocation name: (identifier) @function arguments: (argument_list . [(binary_expression) (method_invocation)] @report)
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
(method_invocation name: (identifier) @function
  arguments: (argument_list . (method_invocation object: (identifier) @class arguments: (argument_list . (string_literal) @text)) @report)
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#word? @class "String") (#text? @text "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)"))
;;; query csharp
(invocation_expression function: [(identifier) @function (member_access_expression name: (identifier) @function)]
  arguments: (argument_list . (argument [(binary_expression) (interpolated_string_expression)] @report))
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
(object_creation_expression type: (_) @type
  arguments: (argument_list . (argument [(binary_expression) (interpolated_string_expression)] @report))
  (#text? @type "Command$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
;;; query go
(call_expression function: (selector_expression field: (field_identifier) @function)
  arguments: (argument_list [(binary_expression)] @report)
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
(call_expression function: (selector_expression field: (field_identifier) @function)
  arguments: (argument_list (call_expression function: (selector_expression operand: (identifier) @package)
    arguments: (argument_list . (interpreted_string_literal) @text)) @report)
  (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#word? @package "fmt") (#text? @text "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#text? @text "(where|values|set).*%[sv]"))
;;; query php
(function_call_expression function: (name) @function
  arguments: (arguments (argument [(encapsed_string) (binary_expression)] @report)) (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report)
  (#text? @report "(?is)(=|<|>|\\slike|\\sin\\s*\\(|\\svalues\\s*\\()\\s*(\\\\?['\"%]\\s*)*(\\.\\s*)?\\{?\\$(?!wpdb|this->wpdb|table|prefix)"))
(member_call_expression name: (name) @function
  arguments: (arguments . (argument [(encapsed_string) (binary_expression)] @report)) (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report)
  (#text? @report "(?is)(=|<|>|\\slike|\\sin\\s*\\(|\\svalues\\s*\\()\\s*(\\\\?['\"%]\\s*)*(\\.\\s*)?\\{?\\$(?!wpdb|this->wpdb|table|prefix)"))
;;; query ruby
(call method: (identifier) @function arguments: (argument_list . [(string) (binary)] @report) (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
(call method: (identifier) @function arguments: (argument_list . (string (interpolation)) @report)
  (#text? @function "^(where|order|having|find_by_sql)$") (#text? @report "=\\s*'?#\\{"))
;;; query kotlin
(call_expression (navigation_expression (identifier) @function . )
  (value_arguments . (value_argument [(string_literal (interpolation)) (binary_expression)] @report)) (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
(call_expression . (identifier) @function (value_arguments . (value_argument (binary_expression) @report)) (#text? @function "(?i)^(execute|executemany|executescript|query|queryrow|queryrowcontext|querycontext|execcontext|exec|raw|read_sql|prepare|preparestatement|createquery|createnativequery|createstatement|executequery|executeupdate|executelargeupdate|rawquery|execsql|find_by_sql|select_all|mysqli_query|mysql_query|pg_query|sqlite_query|\\$queryrawunsafe|\\$executerawunsafe|executesqlraw|fromsqlraw|queryasync|executeasync|executescalar)$") (#text? @report "(?is)^[\\w$@]*[\"'`]+\\s*(select\\s.+\\sfrom\\s.*\\swhere\\s|insert\\s+into\\s.*\\svalues|update\\s.+\\sset\\s|delete\\s+from\\s.*\\swhere\\s)") (#varies? @report))
;;; good python
; cursor.execute("SELECT a FROM b WHERE c = ?", (x,))
; cursor.execute("SELECT a FROM b " "WHERE c = 1")
; log.info(f"select {a} from {b} where {c}")
;;; bad python
;> cursor.execute(f"SELECT a FROM b WHERE c = {x}")
;> cursor.execute("SELECT a FROM b WHERE c = '%s'" % x)
;> cursor.execute("SELECT a FROM b WHERE c = " + x)
;> cursor.execute("DELETE FROM b WHERE c = {}".format(x))
;;; good javascript typescript tsx
; db.query("SELECT a FROM b WHERE c = ?", [x]);
; db.query(sql`SELECT a FROM b WHERE c = ${x}`);
;;; bad javascript typescript tsx
;> db.query(`SELECT a FROM b WHERE c = ${x}`);
;> db.query("SELECT a FROM b WHERE c = " + x);
;;; good java
; class A { void f() { db.prepareStatement("SELECT a FROM b " + "WHERE c = ?"); } }
;;; bad java
; class A { void f(String x) {
;>  st.executeQuery("SELECT a FROM b WHERE c = '" + x + "'");
;>  st.execute(String.format("DELETE FROM b WHERE c = %s", x));
; } }
;;; good csharp
; class A { void F() { new SqlCommand("SELECT a FROM b WHERE c = @c", db); } }
;;; bad csharp
; class A { void F(string x) {
;>  new SqlCommand($"SELECT a FROM b WHERE c = {x}", db);
; } }
;;; good go
; package a
; func f() { db.Query("SELECT a FROM b WHERE c = ?", x) }
;;; bad go
; package a
; func f(x string) {
;>  db.Query("SELECT a FROM b WHERE c = " + x)
;>  db.Exec(fmt.Sprintf("DELETE FROM b where c = %s", x))
; }
;;; good php
; <?php
; $db->query("SELECT a FROM b WHERE c = 1"); $wpdb->prepare("SELECT a FROM {$wpdb->posts} WHERE c = %s");
;;; bad php
; <?php
;> mysqli_query($db, "SELECT a FROM b WHERE c = '$x'");
;> $db->query("SELECT a FROM b WHERE c = " . $x);
;;; good ruby
; User.where("name = ?", x)
;;; bad ruby
;> db.execute("SELECT a FROM b WHERE c = #{x}")
;> User.where("name = '#{x}'")
;;; good kotlin
; fun f() { db.rawQuery("SELECT a FROM b WHERE c = ?", arrayOf(x)) }
;;; bad kotlin
; fun f(x: String) {
;>  db.rawQuery("SELECT a FROM b WHERE c = ${x}", null)
; }
