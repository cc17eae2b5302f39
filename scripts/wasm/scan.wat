;; Dot products of one vector of 16-bit numbers with many of 8-bit numbers, by SIMD. Built by `npm run build:wasm`.
(module
  ;; Whoever makes an instance owns the memory and decides what lies where in it.
  (import "host" "memory" (memory 1))

  ;; query:   address of `stride` 16-bit numbers
  ;; vectors: address of `count` vectors, one behind the other, each of `stride` 8-bit numbers
  ;; stride:  a multiple of 16, more than 0; a shorter vector ends in zeros
  ;; out:     address of `count` 32-bit sums
  ;; No sum may pass 32 bits: by Cauchy and Schwarz that holds when the product of the two lengths is below 2^31.
  (func (export "scan")
    (param $query i32) (param $vectors i32) (param $count i32) (param $stride i32) (param $out i32)
    (local $end i32) (local $at i32) (local $to i32) (local $even v128) (local $odd v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $vector
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $even (v128.const i32x4 0 0 0 0))
        (local.set $odd (v128.const i32x4 0 0 0 0))
        (local.set $at (local.get $query))
        (local.set $to (i32.add (local.get $vectors) (local.get $stride)))
        (loop $sixteen
          (local.set $even
            (i32x4.add
              (local.get $even)
              (i32x4.dot_i16x8_s (v128.load (local.get $at)) (v128.load8x8_s (local.get $vectors)))))
          (local.set $odd
            (i32x4.add
              (local.get $odd)
              (i32x4.dot_i16x8_s
                (v128.load offset=16 (local.get $at))
                (v128.load8x8_s offset=8 (local.get $vectors)))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $vectors (i32.add (local.get $vectors) (i32.const 16)))
          (br_if $sixteen (i32.lt_u (local.get $vectors) (local.get $to))))
        (local.set $even (i32x4.add (local.get $even) (local.get $odd)))
        (i32.store
          (local.get $out)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $even)) (i32x4.extract_lane 1 (local.get $even)))
            (i32.add (i32x4.extract_lane 2 (local.get $even)) (i32x4.extract_lane 3 (local.get $even)))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $vector)))))
