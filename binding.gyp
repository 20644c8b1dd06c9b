{
  "target_defaults": {
    "cflags_cc": ["-std=c++17", "-O3", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unused-parameter"],
    "cflags_cc!": ["-fno-rtti"]
  },
  "targets": [
    {
      "target_name": "tsmpi",
      "sources": [
        "native/addon.cc",
        "native/segment.cc",
        "native/doorbell.cc",
        "native/wait.cc",
        "native/process.cc",
        "native/copy.cc",
        "native/stream.cc",
        "native/fence.cc",
        "native/tcp.cc",
        "native/reduce.cc",
        "native/cuda-lanes.cc",
        "native/cuda-library.cc",
        "native/cuda-transfers.cc",
        "native/cuda-nccl.cc",
        "native/window.cc",
        "native/random.cc",
        "native/threads.cc",
        "native/simd.cc",
        "native/blas-library.cc",
        "native/blas.cc",
        "native/own-gemm.cc",
        "native/own-vectors.cc",
        "native/own-matrices.cc",
        "native/factorize.cc",
        "native/linalg-blas.cc",
        "native/linalg-lapack.cc",
        "native/linalg.cc",
        "native/expression/program.cc",
        "native/expression.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "dependencies": ["reduce_baseline", "kernels_baseline", "expression_baseline", "random"],
      "libraries": ["-ldl"],
      # Threads of the addon may end after the worker of JavaScript that was the last to have it loaded.
      "ldflags": ["-Wl,-z,nodelete"],
      "conditions": [["target_arch=='x64'", {
        "dependencies": [
          "reduce_avx2", "reduce_avx512", "kernels_avx2", "kernels_avx512", "expression_avx2", "expression_avx512"
        ]
      }]]
    },
    # The same loops once for each instruction set; native/reduce.cc and native/gemm-kernel.h choose among them at run
    # time.
    {
      "target_name": "reduce_baseline",
      "type": "static_library",
      "sources": ["native/reduce-loops.cc"],
      "defines": ["REDUCE_LOOPS=reduceLoopsBaseline"]
    },
    # Contraction is off because all instruction sets give the same results.
    {
      "target_name": "expression_baseline",
      "type": "static_library",
      "sources": ["native/expression/loops.cc"],
      "defines": ["EXPRESSION_LOOPS=expressionLoopsBaseline"],
      "cflags_cc": ["-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    },
    {
      "target_name": "kernels_baseline",
      "type": "static_library",
      "sources": ["native/gemm-kernel.cc"],
      "defines": ["KERNELS=kernelsBaseline"]
    },
    # A product and a sum fused into one operation would change the last bits of what they draw.
    {
      "target_name": "random",
      "type": "static_library",
      "sources": [
        "native/random-generators.cc",
        "native/random-jump.cc",
        "native/random-fill.cc",
        "native/random-integers.cc",
        "native/random-order.cc",
        "native/random-legacy.cc",
        "native/random-lecuyer.cc"
      ],
      "cflags_cc": ["-ffp-contract=off"]
    }
  ],
  "conditions": [
    [
      "target_arch=='x64'",
      {
        "targets": [
          {
            "target_name": "reduce_avx2",
            "type": "static_library",
            "sources": ["native/reduce-loops.cc"],
            "defines": ["REDUCE_LOOPS=reduceLoopsAvx2"],
            "cflags_cc": ["-mavx2", "-mf16c"]
          },
          {
            "target_name": "reduce_avx512",
            "type": "static_library",
            "sources": ["native/reduce-loops.cc"],
            "defines": ["REDUCE_LOOPS=reduceLoopsAvx512"],
            "cflags_cc": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"]
          },
          {
            "target_name": "expression_avx2",
            "type": "static_library",
            "sources": ["native/expression/loops.cc"],
            "defines": ["EXPRESSION_LOOPS=expressionLoopsAvx2"],
            "cflags_cc": ["-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-mavx2", "-mfma", "-mf16c"]
          },
          {
            "target_name": "expression_avx512",
            "type": "static_library",
            "sources": ["native/expression/loops.cc"],
            "defines": ["EXPRESSION_LOOPS=expressionLoopsAvx512"],
            "cflags_cc": [
              "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
              "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"
            ]
          },
          {
            "target_name": "kernels_avx2",
            "type": "static_library",
            "sources": ["native/gemm-kernel.cc"],
            "defines": ["KERNELS=kernelsAvx2"],
            "cflags_cc": ["-mavx2", "-mfma"]
          },
          {
            "target_name": "kernels_avx512",
            "type": "static_library",
            "sources": ["native/gemm-kernel.cc"],
            "defines": ["KERNELS=kernelsAvx512"],
            "cflags_cc": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"]
          }
        ]
      }
    ]
  ]
}
