; id: duplicate-key
; severity: warning
; message: This key stands here twice; only one of the two counts.
;;; query json
((object (pair key: (string) @report)) @owner (#repeats? @report @owner))
;;; query yaml
((block_mapping (block_mapping_pair key: (flow_node) @report)) @owner (#not-word? @report "<<") (#repeats? @report @owner))
((flow_mapping (flow_pair key: (flow_node) @report)) @owner (#repeats? @report @owner))
;;; query ruby
((hash (pair key: [(hash_key_symbol) (string) (simple_symbol) (integer)] @report)) @owner (#repeats? @report @owner))
;;; query php
((array_creation_expression (array_element_initializer . [(string) (encapsed_string) (integer)] @report . (_))) @owner
  (#not-varies? @report) (#repeats? @report @owner))
;;; query html
((start_tag (attribute . (attribute_name) @report)) @owner (#repeats? @report @owner))
((self_closing_tag (attribute . (attribute_name) @report)) @owner (#repeats? @report @owner))
;;; good json
; {"a": 1, "b": {"a": 2}}
;;; bad json
; {"a": 1,
;> "a": 2}
;;; good yaml
; a: 1
; b: {a: 2}
;;; bad yaml
; a: 1
;> a: 2
;;; good ruby
; x = { a: 1, "a" => 2, b: 3 }
;;; bad ruby
; x = { a: 1,
;>  a: 2 }
;;; good php
; <?php
; $a = ['a' => 1, 'b' => 2]; $list = ['a', 'a'];
;;; bad php
; <?php
; $a = ['a' => 1,
;>  'a' => 2];
;;; good html
; <p id="a" class="b">x</p><p id="c">y</p>
;;; bad html
; <p id="a"
;>  id="b">x</p>
