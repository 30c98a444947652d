/// The names under which a vision transformer's tensors are stored. A new naming is one more value here.
public struct TowerNaming: Sendable {
  let classToken: String
  /// Whether prefix tokens and positions are stored with a leading batch axis: [1, 1, width] and [1, tokens, width].
  let storesBatchAxis: Bool
  let distillationToken: String?
  let patch: String
  let positions: String
  let inputNorm: String?
  let layers: String
  let block: BlockNaming
  /// The norm after the last block.
  public let outputNorm: String

  struct BlockNaming: Sendable {
    let attentionNorm: String
    /// Three projections, or one that holds them in order.
    let projections: Projections
    let output: String
    let feedForwardNorm: String
    let expand: String
    let contract: String
  }

  enum Projections: Sendable {
    case separate(query: String, key: String, value: String)
    case fused(String)
  }

  /// Hugging Face's CLIP vision model, from inside `vision_model`.
  public static let clip = TowerNaming(
    classToken: "embeddings.class_embedding", storesBatchAxis: false, distillationToken: nil,
    patch: "embeddings.patch_embedding", positions: "embeddings.position_embedding.weight",
    inputNorm: "pre_layrnorm", layers: "encoder.layers",
    block: BlockNaming(
      attentionNorm: "layer_norm1",
      projections: .separate(query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj"),
      output: "self_attn.out_proj", feedForwardNorm: "layer_norm2", expand: "mlp.fc1", contract: "mlp.fc2"),
    outputNorm: "post_layernorm")

  /// Hugging Face's ViT and DeiT, from inside `vit` or `deit`.
  public static let huggingFace = TowerNaming(
    classToken: "embeddings.cls_token", storesBatchAxis: true,
    distillationToken: "embeddings.distillation_token", patch: "embeddings.patch_embeddings.projection",
    positions: "embeddings.position_embeddings", inputNorm: nil, layers: "encoder.layer",
    block: BlockNaming(
      attentionNorm: "layernorm_before",
      projections: .separate(
        query: "attention.attention.query", key: "attention.attention.key", value: "attention.attention.value"),
      output: "attention.output.dense", feedForwardNorm: "layernorm_after", expand: "intermediate.dense",
      contract: "output.dense"),
    outputNorm: "layernorm")

  /// timm's vision transformers.
  public static let timm = TowerNaming(
    classToken: "cls_token", storesBatchAxis: true, distillationToken: "dist_token", patch: "patch_embed.proj",
    positions: "pos_embed", inputNorm: nil, layers: "blocks",
    block: BlockNaming(
      attentionNorm: "norm1", projections: .fused("attn.qkv"), output: "attn.proj", feedForwardNorm: "norm2",
      expand: "mlp.fc1", contract: "mlp.fc2"),
    outputNorm: "norm")
}
