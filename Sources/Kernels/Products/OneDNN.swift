import COneDNN
import Synchronization

/// Swift wrapper around oneDNN: single-threaded products of prepared rows with packed weights. `Workers` adds the
/// parallelism.
///
/// Unchecked because of the library's handles: its engine and primitives may be used from any thread. Only `init`
/// writes `formats`, and the table has a lock.
final class OneDNN: @unchecked Sendable {
  /// A product's shape: [rows, inner] · [inner, columns].
  struct Shape: Hashable {
    let format: NumberFormat
    let rows: Int
    let inner: Int
    let columns: Int
  }

  /// The primitive for one shape. The table may drop it while a thread still uses it: the last reference destroys it.
  /// Unchecked because of the library's handle, which any thread may run.
  private final class Product: @unchecked Sendable {
    let primitive: dnnl_primitive_t
    let source: dnnl_memory_desc_t
    let weights: dnnl_memory_desc_t
    let destination: dnnl_memory_desc_t
    let scratchpad: dnnl_memory_desc_t
    let scratchBytes: Int
    let implementation: String
    /// Operands that no thread uses just now.
    private let idle = Mutex<[Operands]>([])

    init(
      _ primitive: dnnl_primitive_t,
      _ operands: (source: dnnl_memory_desc_t, weights: dnnl_memory_desc_t, destination: dnnl_memory_desc_t),
      scratchpad: dnnl_memory_desc_t, implementation: String
    ) {
      self.primitive = primitive
      (source, weights, destination) = operands
      self.scratchpad = scratchpad
      scratchBytes = dnnl_memory_desc_get_size([scratchpad])
      self.implementation = implementation
    }

    deinit { dnnl_primitive_destroy(primitive) }

    /// Calls `body` with operands of this product's shape. A product of few rows takes less time than making them.
    func withOperands(_ engine: dnnl_engine_t, _ body: (Operands) -> Bool) -> Bool {
      guard
        let operands = idle.withLock({ $0.popLast() })
          ?? Operands([source, weights, destination, scratchpad], engine)
      else { return false }
      defer { idle.withLock { $0.append(operands) } }
      return body(operands)
    }
  }

  /// What one call reads and writes: made once, pointed at other memory by every call. One thread uses it at a time.
  /// Unchecked because of the library's handles.
  private final class Operands: @unchecked Sendable {
    private(set) var arguments: [dnnl_exec_arg_t] = []

    /// - Parameter descriptors: of source, weights, destination and scratch memory.
    init?(_ descriptors: [dnnl_memory_desc_t], _ engine: dnnl_engine_t) {
      let names = [DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD]
      for (name, descriptor) in zip(names, descriptors) {
        var memory: dnnl_memory_t?
        guard dnnl_memory_create(&memory, [descriptor], engine, nil) == dnnl_success else { return nil }
        arguments.append(dnnl_exec_arg_t(arg: name, memory: memory))
      }
    }

    deinit { for argument in arguments { dnnl_memory_destroy(argument.memory) } }

    /// - Returns: false when the library refuses an address.
    func point(_ operand: Int, at address: UnsafeMutableRawPointer?) -> Bool {
      dnnl_memory_set_data_handle(arguments[operand].memory, address) == dnnl_success
    }
  }

  /// Products by shape, each with the time of its last use. A prompt needs a few dozen, and lengths repeat. But each
  /// length is a shape of its own, so when there are too many, the least recently used is dropped.
  private struct Table {
    var products: [Shape: (product: Product, used: UInt64)] = [:]
    var uses: UInt64 = 0
  }

  private let engine: dnnl_engine_t
  private let table = Mutex(Table())
  private let mostProducts: Int
  /// Formats that run in a kernel made for this CPU; the library's reference loops are a thousand times slower.
  private(set) var formats: Set<NumberFormat> = []

  /// Nil when the library has no CPU engine.
  /// - Parameter mostProducts: most shapes to keep, at least one. Each takes some hundred kilobytes at most.
  init?(mostProducts: Int = 256) {
    _ = Self.isCapped
    var engine: dnnl_engine_t?
    guard dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success, let engine else { return nil }
    self.engine = engine
    self.mostProducts = max(1, mostProducts)
    omp_set_num_threads(1)
    formats = Set(
      NumberFormat.allCases.filter { format in
        let probe = Shape(format: format, rows: 2, inner: format.granularity, columns: 64)
        return product(probe)?.implementation.hasPrefix("brg") ?? false
      })
  }

  deinit {
    table.withLock { $0.products = [:] }
    dnnl_engine_destroy(engine)
  }

  /// Number of shapes kept.
  var productCount: Int { table.withLock { $0.products.count } }

  /// destination [rows, columns] = source [rows, inner] · weights, both dense; Int32 sums for `int8`, else Float32.
  /// - Returns: false when the library refuses the shape.
  func multiply(
    _ shape: Shape, source: UnsafeRawBufferPointer, weights: UnsafeRawBufferPointer,
    into destination: UnsafeMutableRawBufferPointer, on lane: Lane
  ) -> Bool {
    precondition(
      source.count >= shape.rows * shape.inner * shape.format.size
        && weights.count >= shape.inner * shape.columns * shape.format.size
        && destination.count >= shape.rows * shape.columns * 4, "operands are whole")
    guard let product = product(shape) else { return false }
    defer { withExtendedLifetime(product) {} }
    let scratch = lane.scratchpad(product.scratchBytes)
    return product.withOperands(engine) { operands in
      operands.point(0, at: UnsafeMutableRawPointer(mutating: source.baseAddress))
        && operands.point(1, at: UnsafeMutableRawPointer(mutating: weights.baseAddress))
        && operands.point(2, at: destination.baseAddress) && operands.point(3, at: scratch)
        && dnnl_primitive_execute(
          product.primitive, lane.stream, Int32(operands.arguments.count), operands.arguments) == dnnl_success
    }
  }

  /// One thread's stream and scratch memory. The library's own scratch memory is shared by all primitives that one
  /// thread made, so two threads that run them would overwrite each other. OpenMP has a thread count per thread, so
  /// each lane sets it to one.
  final class Lane {
    fileprivate let stream: dnnl_stream_t
    private let workspaces: WorkspacePool
    private var scratch: Workspace<UInt8>

    fileprivate init?(_ engine: dnnl_engine_t, _ workspaces: WorkspacePool) {
      omp_set_num_threads(1)
      var stream: dnnl_stream_t?
      guard dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue) == dnnl_success, let stream else {
        return nil
      }
      self.stream = stream
      self.workspaces = workspaces
      scratch = workspaces.take(0)
    }

    deinit { dnnl_stream_destroy(stream) }

    fileprivate func scratchpad(_ bytes: Int) -> UnsafeMutableRawPointer? {
      if bytes > scratch.elements.count { scratch = workspaces.take(bytes) }
      return UnsafeMutableRawPointer(scratch.elements.writable(0..<scratch.elements.count).baseAddress)
    }
  }

  func makeLane(_ workspaces: WorkspacePool) -> Lane? { Lane(engine, workspaces) }

  private func product(_ shape: Shape) -> Product? {
    table.withLock { table in
      table.uses += 1
      if let known = table.products[shape]?.product {
        table.products[shape]?.used = table.uses
        return known
      }
      guard let made = make(shape) else { return nil }
      if table.products.count >= mostProducts,
        let oldest = table.products.min(by: { $0.value.used < $1.value.used })?.key
      {
        table.products[oldest] = nil
      }
      table.products[shape] = (made, table.uses)
      return made
    }
  }

  private func make(_ shape: Shape) -> Product? {
    let types = Self.types[shape.format] ?? (dnnl_f32, dnnl_f32, dnnl_f32, dnnl_BA16a64b)
    guard let source = descriptor(shape.rows, shape.inner, types.source, dnnl_ab),
      let weights = descriptor(shape.inner, shape.columns, types.weights, types.layout),
      let destination = descriptor(shape.rows, shape.columns, types.result, dnnl_ab)
    else { return nil }
    var operands = (source, weights, destination)
    var operation = dnnl_matmul_desc_t()
    var attributes: dnnl_primitive_attr_t?
    defer { dnnl_primitive_attr_destroy(attributes) }
    var description: dnnl_primitive_desc_t?
    var primitive: dnnl_primitive_t?
    guard dnnl_matmul_desc_init(&operation, &operands.0, &operands.1, nil, &operands.2) == dnnl_success,
      dnnl_primitive_attr_create(&attributes) == dnnl_success,
      dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success,
      dnnl_primitive_desc_create(&description, &operation, attributes, engine, nil) == dnnl_success, let description
    else { return nil }
    defer { dnnl_primitive_desc_destroy(description) }
    var name: UnsafePointer<CChar>?
    guard dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) == dnnl_success,
      let scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0),
      dnnl_primitive_create(&primitive, description) == dnnl_success, let primitive
    else { return nil }
    return Product(
      primitive, (source, weights, destination), scratchpad: scratchpad.pointee,
      implementation: name.map { String(cString: $0) } ?? "")
  }

  private static let types:
    [NumberFormat: (
      source: dnnl_data_type_t, weights: dnnl_data_type_t, result: dnnl_data_type_t, layout: dnnl_format_tag_t
    )] = [
      .f32: (dnnl_f32, dnnl_f32, dnnl_f32, dnnl_BA16a64b), .bf16: (dnnl_bf16, dnnl_bf16, dnnl_f32, dnnl_BA16a64b2a),
      .int8: (dnnl_u8, dnnl_s8, dnnl_s32, dnnl_BA16a64b4a),
    ]

  private func descriptor(
    _ rows: Int, _ columns: Int, _ type: dnnl_data_type_t, _ layout: dnnl_format_tag_t
  ) -> dnnl_memory_desc_t? {
    var descriptor = dnnl_memory_desc_t()
    // A fixed-size C array arrives as a tuple; the library takes a pointer to its elements.
    let sizes: [dnnl_dim_t] = [dnnl_dim_t(rows), dnnl_dim_t(columns)]
    let status = dnnl_memory_desc_init_by_tag(&descriptor, 2, sizes, type, layout)
    return status == dnnl_success ? descriptor : nil
  }

  /// Whether the library multiplies in tiles (AMX) on this CPU.
  static let hasTiles = {
    _ = isCapped
    return dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx512_core_amx.rawValue
      == dnnl_cpu_isa_avx512_core_amx.rawValue
  }()

  /// Whether the library was told to use no more than `InstructionSet.current`, which works before its first use alone.
  private static let isCapped: Bool = {
    let most: dnnl_cpu_isa_t? =
      switch InstructionSet.current {
      case InstructionSet.best: nil
      case .baseline: dnnl_cpu_isa_sse41
      case .avx2: dnnl_cpu_isa_avx2
      case .avx512, .avx512bf16: dnnl_cpu_isa_avx512_core_vnni
      }
    return most.map { dnnl_set_max_cpu_isa($0) == dnnl_success } ?? false
  }()

  /// The library's version.
  static var version: String {
    let version = dnnl_version().pointee
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// The instruction set that the library uses on this CPU.
  static var instructionSet: String {
    _ = isCapped
    return switch dnnl_get_effective_cpu_isa() {
    case dnnl_cpu_isa_sse41: "sse4.1"
    case dnnl_cpu_isa_avx: "avx"
    case dnnl_cpu_isa_avx2: "avx2"
    case dnnl_cpu_isa_avx2_vnni: "avx2 with vnni"
    case dnnl_cpu_isa_avx512_core: "avx512"
    case dnnl_cpu_isa_avx512_core_vnni: "avx512 with vnni"
    case dnnl_cpu_isa_avx512_core_bf16: "avx512 with bf16"
    case dnnl_cpu_isa_avx512_core_amx: "avx512 with amx"
    default: "isa \(dnnl_get_effective_cpu_isa().rawValue)"
    }
  }
}
