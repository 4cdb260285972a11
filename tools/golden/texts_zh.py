"""The Chinese texts of the golden vectors. All of them were written for this purpose.

Latin letters are lower-case, and no character has a canonical decomposition (accents, Japanese voiced sounds,
compatibility ideographs). The tokenizer file in the Maven artifact keeps case and accents, while tokenizer_config.json in
some copies of the model asks for lower case. The texts here have the same tokens in both cases.
"""

from texts import PASSAGE, QUERY, GoldenText

PREFIX = "为这个句子生成表示以用于检索相关文章："

_QUESTION = "怎样重新设置账户的密码？"
_ANSWER = "如果要重新设置密码，请打开设置页面，然后点击登录框下面的链接。"

# Every character is one token, also a comma.
_WHO = ("老船长", "女老师", "我的邻居", "年轻的医生", "国王")
_DOES = ("找到了", "卖掉了", "画出了", "忘记了")
_WHAT = ("两本书", "一封长信", "三把钥匙", "红色的船", "地图", "一盏灯", "黄金")


def _characters(count):
    text, n = "", 0
    while len(text) < count:
        text += f"{_WHO[n % 5]}{_DOES[n % 4]}{_WHAT[n % 7]}，"
        n += 1
    return text[:count]


_SENTENCES = (
    "河水在春天上涨，渔夫把船系在桥下。",
    "这本书的第三章讲的是潮汐怎样改变海岸。",
    "昨天晚上下了一场大雪，火车晚点了两个小时。",
    "新的桥梁用了四年才建成，比计划多了一年。",
    "她在图书馆里找到了祖父写的日记。",
    "机器人在仓库里搬运箱子，几乎没有声音。",
    "把面粉、水和盐混合，揉成面团，放置一小时。",
    "公司今年的收入增长了百分之七，利润却下降了。",
    "医生建议病人每天散步半个小时，少吃糖。",
    "这座城市的地铁在夜里十二点以后停止运行。",
    "数据库的索引太大，内存放不下，查询变慢了。",
    "如果程序没有响应，先保存文件，再重新启动。",
    "合同规定，货物必须在三十天之内送到。",
    "月亮离地球大约三十八万公里。",
    "孩子们在院子里种了向日葵和西红柿。",
    "足球比赛因为下雨推迟到下个星期六。",
    "古代的商人沿着这条路把丝绸带到西方。",
    "显微镜下可以看到细胞正在分裂。",
    "老板说明天上午九点开会，请不要迟到。",
    "法院认为，双方都应当承担一部分责任。",
    "这首歌的旋律来自北方的民间小调。",
    "电动汽车的电池在寒冷的天气里容量变小。",
    "飞机穿过云层的时候有一点颠簸。",
    "农民等着雨季到来，田里的土已经干裂。",
    "他用左手写字，用右手拿筷子。",
)

_QUERIES = (
    "北京到上海的火车票多少钱",
    "电池 寒冷 容量",
    "怎么做面团",
    "潮汐是什么引起的？",
    "地铁最后一班车几点",
    "光合作用",
    "合同 交货 期限",
    "数据库查询很慢怎么办",
)

TEXTS = (
    # The two input types.
    GoldenText("answer", PASSAGE, _ANSWER),
    GoldenText("question-as-query", QUERY, _QUESTION),
    GoldenText("question-as-passage", PASSAGE, _QUESTION),
    # The same ids as question-as-query, because the prefix is ordinary text.
    GoldenText("question-prefix-literal", PASSAGE, PREFIX + _QUESTION),
    GoldenText("answer-as-query", QUERY, _ANSWER),
    # Spaces between ideographs change nothing; another punctuation mark does.
    GoldenText("answer-blanks", PASSAGE, " " + "\u3000".join(_ANSWER) + "\n"),
    GoldenText("answer-ascii-punctuation", PASSAGE, _ANSWER.replace("，", ",").replace("。", ".")),
    GoldenText("answer-no-full-stop", PASSAGE, _ANSWER.rstrip("。")),
    GoldenText("empty", PASSAGE, "", 0),
    GoldenText("empty-query", QUERY, "", 0),
    GoldenText("blanks-only", PASSAGE, "\t\n\u3000\u00a0 ", 0),
    GoldenText("one-character", PASSAGE, "水", 1),
    GoldenText("punctuation-only", PASSAGE, "，。！？、；：“”（）《》…—"),
    *(GoldenText(f"sentence-{n}", PASSAGE, text) for n, text in enumerate(_SENTENCES, 1)),
    *(GoldenText(f"query-{n}", QUERY, text) for n, text in enumerate(_QUERIES, 1)),
    # Other scripts, numbers and typical content of documents.
    GoldenText("traditional", PASSAGE, "漁夫把船繫在橋下，學校的圖書館關門了。"),
    GoldenText("mixed-with-english", PASSAGE, "请在 settings 页面里打开 dark mode，然后重启 app。"),
    GoldenText("english", PASSAGE, "the river rises in spring, and the boats are tied below the bridge."),
    GoldenText("numbers", PASSAGE, "2024年2月29日，气温-3.5℃，成交1,234,567股，涨幅0.8%。"),
    GoldenText("full-width", PASSAGE, "１２３ ａｂｃ （全角）！"),
    GoldenText("pinyin", PASSAGE, "ni hao shi jie, wo zai zhe li."),
    GoldenText("emoji", PASSAGE, "发射成功\U0001f680\U0001f389谢谢大家"),
    GoldenText("control-characters-inside", PASSAGE, "密\u0000码\u200b是\ufeff保密\ufffd的"),
    GoldenText("special-mask", PASSAGE, "中国的首都是[MASK]。"),
    GoldenText("special-cls-sep", PASSAGE, "[CLS]第一句[SEP]第二句[SEP]"),
    GoldenText("line-breaks", PASSAGE, "第一行\n第二行\r\n第三列\t结束"),
    GoldenText("html", PASSAGE, '<p class="note">价格&amp;数量<br/></p>'),
    GoldenText("repeated", PASSAGE, "潮水" * 40, 80),
    # The limit: 512 tokens with [CLS] and [SEP]; the prefix has 19.
    GoldenText("limit-509-tokens", PASSAGE, _characters(509), 509),
    GoldenText("limit-510-tokens", PASSAGE, _characters(510), 510),
    GoldenText("limit-511-tokens", PASSAGE, _characters(511), 511),
    GoldenText("limit-query-exact", QUERY, _characters(510 - len(PREFIX)), 510 - len(PREFIX)),
    GoldenText("limit-query-cut", QUERY, _characters(511 - len(PREFIX)), 511 - len(PREFIX)),
    GoldenText("over-long-700-tokens", PASSAGE, _characters(700), 700),
)
