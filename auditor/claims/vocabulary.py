"""The one place for words: metrics, units, data sets, protocols, column kinds, and the names of well-known networks.

Only lists; what a header means by them is in `headers.py`. Matching is by whole words on lower-cased text without marks.
To teach the auditor a metric, a data set or a network, add its word here and a case to the test.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What a column (or a row of a transposed table) holds."""

    VARIANT = "variant"  # the name of a model
    BACKBONE = "backbone"  # part of a name
    SETTING = "setting"  # what tells two values of one metric apart
    PARAMS = "params"
    GFLOPS = "gflops"
    METRIC = "metric"
    SIZE = "size"  # "size": of the input or of the file, the cells decide
    DATASET = "dataset"  # the header is itself the setting, the metric is said elsewhere
    IGNORED = "ignored"  # links, dates, hyperparameters
    UNKNOWN = "unknown"


def words(*lists: str) -> re.Pattern[str]:
    """Return a pattern that matches any of the words as a whole word; words are divided by spaces, `_` stands for any gap.

    A word that ends in a digit ends there: `R5` is recall, and `R50` a backbone.
    """
    alternatives = sorted((w for text in lists for w in text.split()), key=len, reverse=True)
    parts = [re.escape(w).replace("_", r"[\s_\-]?") + (r"(?!\d)" if w[-1].isdigit() else "") for w in alternatives]
    return re.compile(r"(?<![a-z0-9])(?:" + "|".join(parts) + r")(?![a-z])")


METRICS = words(
    """
    acc accuracy acc. top1 top5 top_1 top_5 acc@1 acc@5 acc1 acc5 top@1 top@5 err error errors error_rate err. precision prec recall
    ap map ap50 ap75 aps apm apl ar ap_box ap_mask box_ap mask_ap apb apm mar amap map50 map50-95 box_map mask_map ap^b ap^m apbox
    apmask miou iou fiou giou biou pq sq rq pq_th pq_st pacc macc aacc pixacc pixel_acc dice dsc hd95 assd nsd boundary_f j&f jf
    jaccard f1 f_score f_measure fscore fmeasure hmean em exact_match bleu bleu4 sacrebleu rouge rouge1 rouge2 rougel meteor cider spice
    chrf comet ter ppl perplexity wer cer per bpc bpd bits/dim bits_per_dim bpb nll mcc kappa auc auroc auprc roc_auc aupr eer
    mindcf min_dcf ece brier psnr ssim ms_ssim lpips dists niqe musiq fid kid sfid fvd clip_score clipscore inception_score is vmaf
    lmd fad mos utmos mpjpe pa_mpjpe p_mpjpe n_mpjpe mpjve mpvpe mpve pve pa_mpvpe pve_t mrpe mrpe_x mrpe_y mrpe_z pck pckh pckh@0.5
    pck@0.5 3dpck pck3d pcp oks nme ced ap_25 ap_root jpe accel accel_error p1 p2 p_1 mpjae hand_error epe aepe epe_all f1_all
    fl_all fl d1_all bad_1 bad_2 outlier abs_rel absrel abs._rel sq_rel sqrel rmse rmse_log rmselog silog log10 delta1 delta_1 δ1 δ2
    δ3 δ<1.25 whdr irmse mae mse mape smape r2 rmsd rre rte ate rpe drift inlier registration_recall r@1 r@5 r@10 recall@1 recall@5
    recall@10 rank_1 rank1 r1 r5 r10 rank_5 map@r mrr ndcg ndcg@10 hit@1 hits@1 hits@10 hr@10 cmc medr mnr rsum p@1 mota motp idf1
    hota amota ids idsw assa deta eao suc auc_score norm_prec robustness nds mave maoe mate mase aph level_1 level_2 sdr si_sdr
    sisdr si_snr sisnr pesq stoi estoi snr spearman pearson srcc plcc krcc correlation cosine chamfer cd emd f_score@1% sensitivity
    specificity tpr fpr tnr fpr95 fpr@95 tar@far tar lfw agedb cfp_fp ijb_c loss val_loss test_loss train_loss score reward return
    win_rate success success_rate spl pass@1 pass@10 mmlu gsm8k hellaswag arc_c arc_e piqa winogrande truthfulqa humaneval mbpp math
    linear linear_probing linear_eval linear_probe fine_tune finetune fine_tuning finetuning knn k_nn zero_shot few_shot 1_shot
    5_shot glue squad fps throughput latency speed inference_time infer_time inf_time inf._time average_time avg_time avg._time mean_time
    forward_time processing_time runtime run_time img/s imgs/s img/sec imgs/sec images/sec lat lat.
    images/s image/s samples/s tokens/s ms/img frames/s mean average avg avg. mean@0.1 gain improvement imp. imp δ top delay rtf mem
    memory gpu_mem vram peak_memory 准确率 精度 召回率 平均 平均分 速度 显存 误差 precisión exactitud

    j_seen f_seen j_unseen f_unseen j_mean f_mean j_recall f_recall
    qps mt_bench alpacaeval c_eval ceval cmmlu agieval bbh
    performance performances perf perf. result results rfid gfid r_fid psim nmve nmje mve nmpjpe 0.5:0.95 fp fn mt ml frag
    """
)
VAGUE = words(  # metrics in a header, but in a caption or of a whole table they say too little
    """
    improvement gain imp imp. linear mean average avg avg. score top return loss glue squad mmlu latency fps speed throughput runtime
    memory mem gpu_mem vram peak_memory delay performance performances
    perf perf. result results total success error errors precision per is zero_shot
    img/s imgs/s img/sec imgs/sec images/sec images/s image/s samples/s frames/s lat lat.
    few_shot top fine_tuning fine_tune finetuning finetune reward rank_1 p1 p2
    """
)
RESOURCES = words("mem memory gpu_mem cpu_mem gpu_memory vram peak_memory max_mem train_mem")
NEWS = re.compile(
    r"news|updates?|change ?log|what'?s new|todo|history|highlights|release notes|milestone|related|acknowledg|citation|faq"
    r"|other (?:\w+ )?(?:repos|repositories|projects|works?)\b"
    r"|新闻|更新|问答|引用",
    re.IGNORECASE,
)
JOINTS = words(
    """
    head shoulder elbow wrist hip knee ankle neck nose total upper lower torso
    """
)  # columns of keypoint tables
WHOLE_ONLY = frozenset(
    "is j f a1 a2 a3 d1 fl fp fn mt ml frag per total top linear math head imp p1 p2 mean average avg score upper lower return loss success"
    " δ epoch".split()
)

PARAMS = re.compile(
    r"(?:#|no\.? of |number of |num\.? (?:of )?|n |total |model |trainable |learnable |all |backbone |encoder |decoder )*\s*"
    r"(?:par(?:am(?:eter)?s?)?\.?|weights count|参数量|参数|模型参数量?|par[aá]metros|paramètres)(?: ?count| size| num(?:ber)?|数量)?"
    r"(?: of (?:the )?[\w-]{2,30})?"
)
FLOPS = re.compile(
    r"(?:#|no\.? of |number of |total |model )*\s*(?P<prefix>[gmbtk])?(?:flops?|macs?|m-?adds?|mult-?adds?|multi-?adds?|计算量|bflops)"
    r"(?:\s*(?:@|at)\s*[\d x×*]+)?(?:/(?:img|image|frame|video|view|clip))?"
)
SETTINGS = words(
    """
    resolution input_size image_size input_resolution img_size res res. input image_resolution crop crop_size test_size train_size
    inp_size input_shape dataset data datasets train_data training_data training_set pretrain pre_train pretraining pre_training
    pretrained pre_trained train_set test_set split eval_split setting settings task protocol subset domain language lang benchmark
    testset train trained_on training trained epoch epochs #epochs schedule schd lr_schd sched lr_sched iters iterations #iters
    steps aug augmentation tta flip ms multi_scale single_scale crops views frames #frames clip clip_len sampling_rate frame_length
    temperature temp tau margin
    layers #layers depth depths width dims dim hidden heads #heads channels embed_dim receptive_field window window_size patch
    patch_size stride init initialization decoder detector head_cfg neck tokenizer vocab vocabulary
    分辨率 输入尺寸 语料 数据集 任务 训练数据
    epochs_trained shots k kd distill distillation teacher style hardware device gpu runtime_device modality version type
    """
)
IGNORED = words(
    """
    url urls link links download downloads weight weights checkpoint checkpoints ckpt ckpts file files filename config configs cfg
    conf log logs code script scripts cmd command paper papers ref reference references venue publication pub pub. year date
    released release author authors license notes note comment comments remark remarks description desc section content hash md5 sha
    sha256 baidu onedrive google_drive gdrive drive huggingface hf notebook colab demo video visualization
    下载 链接 说明 备注 描述 章节 百度网盘
    extract_code password lr learning_rate base_lr batch batch_size bs batchsize total_batch optimizer optim wd weight_decay
    momentum dropout drop_path drop_rate warmup seed gpus #gpus gpu_hours gpu_days train_time training_time time_(h) hours days
    tokens training_tokens #tokens #images #samples #classes #videos classes num_classes id index idx no. # status support supported
    train_mem training_speed train_speed s/iter sec/iter 学习率
    """
)
VARIANTS = words(
    """
    model models name names method methods arch archs architecture architectures network networks variant variants approach
    algorithm algorithms net system systems backbone_name model_name model_type model_id checkpoint_name config_name modelo modelos
    método modèle 模型 模型名 模型简称 方法 名称 网络
    """
)
BACKBONES = words(
    """
    backbone backbones encoder encoders base_model base_network feature_extractor body trunk 骨干网络
    """
)
DATASETS = words(
    """
    imagenet imagenet_1k imagenet_22k imagenet_21k in_1k in1k in_22k in21k in22k imagenet_v2 imagenet_a imagenet_r imagenet_c
    imagenet_real inat inaturalist cifar cifar_10 cifar_100 cifar10 cifar100 mnist svhn stl_10 tiny_imagenet coco coco_val2017
    coco_test_dev coco_test-dev2017 lvis objects365 voc pascal pascal_voc voc2007 voc2012 ade20k cityscapes mapillary camvid
    pascal_context coco_stuff kitti nuscenes waymo nyu nyuv2 nyu_depth scannet sun_rgbd eth3d sintel tum diw megadepth diode ddad
    flyingchairs flyingthings flyingthings3d things hd1k spring human3.6m human36m h36m humaneva humaneva_i 3dpw mpii mpi_inf_3dhp
    mupots mupots_3d muco agora freihand ho3d dexycb crowdpose ochuman posetrack jhmdb kinetics kinetics_400 kinetics_600 k400 k600
    something_something ssv2 ssv1 sthv2 ucf101 hmdb51 ava charades activitynet thumos epic_kitchens msrvtt msr_vtt msvd flickr30k
    flickr vqav2 vqa gqa okvqa textvqa refcoco visual_genome lfw ijb_c celeba celeba_hq ffhq lsun market1501 dukemtmc msmt17 cuhk03
    modelnet40 shapenet s3dis scanobjectnn semantickitti set5 set14 b100 bsd100 urban100 manga109 div2k gopro rain100l sidd dnd reds
    vimeo90k librispeech voxceleb voxceleb1 common_voice aishell ljspeech vctk squad squad1.1 squad2.0 glue mnli qnli qqp sst_2 cola
    rte mrpc sts_b race wmt14 wmt16 iwslt cmrc_2018 drcd cjrc xnli chnsenticorp lcqmc bq bq_corpus csc thucnews cnn/dm xsum wikitext
    wikitext_103 ptb enwik8 lambada mmlu humaneval gsm8k drive stare chase_db1 isic brats acdc synapse luna16 lits kvasir mot17
    mot20 davis davis2017 youtube_vos got_10k lasot trackingnet otb vot2018 crowdhuman widerface wider_face dota visdrone tusimple
    culane
    """
)
PROTOCOLS = re.compile(
    r"protocol[\s_#-]*(?:[1-3]|i{1,3})(?![a-z0-9])|(?<![a-z])p[#-]?[12](?![a-z0-9])|(?:test|val|train)[-\s_]?(?:dev|set|std)?[-\s_]?20\d\d|test[-_]dev(?:20\d\d)?"
    r"|val5k|minival|(?<![a-z])(?:validation|val|test|dev|development|challenge|clean|final)(?![a-z])(?:[\s_-]set)?|开发集|测试集|挑战集|验证集",
    re.IGNORECASE,
)
SPLITS = re.compile(
    r"^(?:val(?:idation)?|test(?:[-\s]?dev)?|dev(?:elopment)?|challenge|train(?:ing)?|clean|final|开发集|测试集|挑战集|验证集|easy|medium|hard|moderate"
    r"|seen|unseen|novel|known|unknown|rare|non-?rare|(?:in|out|cross)-?(?:of-)?domain|ood)(?:[\s_-]?set|[\s_-](?:split|classes|categories))?$"
)
UNITS = {
    "m": "m",
    "meter": "m",
    "meters": "m",
    "mm": "mm",
    "milimeter": "mm",
    "millimeter": "mm",
    "millimeters": "mm",
    "cm": "cm",
    "ms": "ms",
    "s": "s",
}
UNITS |= {
    "sec": "s",
    "seconds": "s",
    "%": "%",
    "percentage": "%",
    "percent": "%",
    "fps": "fps",
    "px": "px",
    "gb": "GB",
    "mb": "MB",
    "mib": "MB",
    "g": "GB",
}
SCALES = {
    "m": "M",
    "million": "M",
    "millions": "M",
    "mil": "M",
    "k": "K",
    "g": "G",
    "b": "G",
    "t": "T",
    "billion": "G",
    "1e6": "M",
    "10^6": "M",
    "1e9": "G",
}
MILLIMETER_METRICS = words(
    """
    mpjpe pa_mpjpe p_mpjpe n_mpjpe mpvpe mpve pve pa_mpvpe mpjve
    """
)
OURS = re.compile(
    r"(?<![a-z])(?:ours?|our model|this (?:work|paper|repo(?:sitory)?|implementation)|proposed)(?![a-z])|本文|我们|nuestr[oa]s?|\(re-?impl",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(  # over a column: what somebody else's implementation of the same model gets
    r"(?<![a-z])(?:(?:tf2?|tensorflow|pytorch|caffe2?|mxnet|jax|paddle|authors['’]?|paper)[ -]official"
    r"|(?:official|original)[ -](?:authors['’]?[ -])?"
    r"(?:(?:re-?)?impl\w*|repo\w*|code\w*|weights?|models?|papers?|pytorch|tf2?|tensorflow|caffe2?|releases?))(?![a-z])"
)
THEIRS = re.compile(r"(?<![a-z])(?:official(?:ly)?|originals?|papers?|reported|published)(?![a-z])", re.IGNORECASE)  # beside `OURS` alone
CITED = re.compile(
    r"et\s*al\b|\[\d{1,3}(?:\s*,\s*\d{1,3})*\]\s*$|\((?:[A-Z]{2,8}['’ ]?\s?)?(?:19|20)\d\d[a-z]?\)"
    r"|(?:CVPR|ICCV|ECCV|NeurIPS|NIPS|ICLR|ICML|AAAI|TPAMI|arXiv)['’ ]{0,2}\d\d",
    re.IGNORECASE,
)
COMPARISON = re.compile(
    r"compar|state[- ]of[- ]the[- ]art|sota|previous|other (?:methods|models)(?! (?:that |which )?(?:i|we)\b)|versus|\bvs\b|对比|比较",
    re.IGNORECASE,
)
KNOWN_NETWORKS = words(
    """
    resnet resnext wide_resnet vgg vgg16 alexnet densenet mobilenet mobilenetv2 mobilenetv3 efficientnet efficientnetv2 regnet
    regnety regnetx shufflenet inception googlenet squeezenet nasnet senet resnest res2net hrnet hourglass cpn simplebaseline
    simple_baseline openpose alphapose vitpose vit deit swin swinv2 swin_transformer pvt pvtv2 twins cait t2t crossvit cvt levit
    mvit convnext convnextv2 mae beit dino dinov2 moco simclr byol simsiam mixer mlp_mixer resmlp gmlp bert roberta albert xlnet
    electra ernie gpt gpt2 gpt_2 t5 bart llama clip align blip flamingo lstm gru rnn faster_r-cnn mask_r-cnn cascade_r-cnn
    cascade_mask_r-cnn fast_r-cnn r-cnn rcnn retinanet fcos atss ssd detr deformable_detr conditional_detr centernet yolo yolov2
    yolov3 yolov4 yolov5 yolov6 yolov7 yolov8 yolox yolor pp_yolo efficientdet nanodet deeplab deeplabv3 deeplabv3+ deeplabv3plus
    pspnet fcn unet u_net unet++ nnunet upernet segformer setr maskformer mask2former ocr segnet bisenet bisenetv2 danet ccnet
    semfpn segmenter i3d slowfast tsn tsm x3d timesformer c3d r(2+1)d pointnet pointnet++ dgcnn votenet second pointpillars pwc_net
    flownet flownet2 liteflownet raft monodepth monodepth2 midas dpt edsr rcan swinir esrgan srgan srcnn stylegan stylegan2 biggan
    ddpm adm ldm vqgan pix2pix cyclegan wav2vec hubert whisper conformer tacotron nerf spin hmr vibe smplify hmmr videopose3d
    sam sam2 mobilesam efficientsam segment_anything vitdet hed pixie expose frankmocap romp pare
    gpt_3 gpt_3.5 gpt_4 gpt3 gpt4 gpt_4o gpt_4v chatgpt chatgpt_3.5 llama llama2 llama_2 llama3 llama_3 codellama chatglm chatglm2 chatglm3
    internlm baichuan baichuan2 mistral mixtral gemma gemini claude falcon bloom bloomz vicuna alpaca aquila starcoder codegen
    xlm xlm_r xlmr xlm_roberta mbert mt5 mbart deberta spanbert tinybert mobilebert distilbert distilroberta minilm camembert longformer
    bigbird reformer transformer_xl unilm mpnet sbert sentence_bert glove word2vec fasttext elmo ulmfit infersent skip_thought bertsum
    bertsumext bertsumextabs pointer_generator deepspeech deep_speech jasper quartznet citrinet x_vector i_vector ecapa_tdnn wavenet
    waveglow wavegan melgan hifi_gan fastspeech fastspeech2 conv_tasnet tasnet wave_u_net open_unmix spleeter wavlm data2vec
    posenet 3d_r2n2 3d-r2n2 psgn pix2mesh pixel2mesh atlasnet deepsdf integral_pose fc_3dpose metro mesh_graphormer pymaf
    """
)
GENERIC = frozenset(
    """
    pytorch official release released implementation code repo the a an of for and with in on to net network networks model models
    master tf tensorflow jax deep learning high low resolution fast faster efficient simple robust real time vision image video
    segmentation detection recognition pose estimation human object 3d 2d transformer transformers chinese english multi single self
    supervised unsupervised training pretraining pretrained toolkit lib python zoo benchmark baseline baselines base large small depth
    anything flow face text speech audio language video everything segment
    tiny towards attention research project paper via from is all you need end neural representation
    introduction overview abstract news updates about contents table installation usage results getting started
    cvpr iccv eccv neurips nips iclr icml aaai tpami ieee acm arxiv oral spotlight rgb rgbd cnn cnns gan gans storage mmdetection
    mmcv mmpose
    mmsegmentation apex cocoapi
    """.split()
)
GREEK = str.maketrans({"₁": "1", "₂": "2", "₃": "3", "₅": "5", "₀": "0", "⁵": "5", "¹": "1"})
