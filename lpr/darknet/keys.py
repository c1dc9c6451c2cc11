"""Darknet's keys for training and for drawing results.

They are kept as text and ignored. (``thresh`` and ``nms_threshold`` of ``[yolo]`` are OpenCV's, for
its own head decoding, which lpr does not use.)
"""

from __future__ import annotations


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


NET_TRAINING = _keys("""
    adam adversarial_lr angle aspect attention augment_speed B1 B2 badlabels_rejection_percentage
    batch blur burn_in center clip contrastive contrastive_color contrastive_jit_flip cutmix decay
    dynamic_minibatch ema_alpha eps equidistant_point exposure flip gamma gaussian_noise hue inputs
    label_smooth_eps learning_rate learning_rate_min letter_box loss_scale max_batches
    max_chart_loss max_crop min_crop mixup momentum mosaic mosaic_bound num_sigmas_reject_badlabels
    optimized_memory policy power resize_step saturation scale scales seq_scales
    sequential_subdivisions sgdr_cycle sgdr_mult show_receptive_field step steps subdivisions
    time_steps track try_fix_nan unsupervised use_cuda_graph weights_reject_freq
    workspace_size_limit_MB
""")
LAYER_TRAINING = _keys("""
    burnin_update clip dont_update learning_rate onlyforward stopbackward train_only_bn
""")
DROPOUT_TRAINING = _keys("dropblock dropblock_size_abs dropblock_size_rel")
YOLO_TRAINING = _keys("""
    beta_nms cls_normalizer counters_per_class delta_normalizer dets_for_show dets_for_track
    embedding_layer focal_loss ignore_thresh iou_loss iou_normalizer iou_thresh iou_thresh_kind
    jitter label_smooth_eps map max max_delta nms_kind nms_threshold obj_normalizer
    objectness_smooth random resize show_details sim_thresh thresh track_ciou_norm
    track_history_size truth_thresh
""")
REGION_TRAINING = _keys("""
    bias_match class_scale coord_scale jitter mask_scale max noobject_scale object_scale random
    rescore thresh
""")
