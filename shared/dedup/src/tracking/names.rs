//! The names of parameters that do not choose what is read.
//!
//! Gathered from the documentation of the tools that add them: Google Analytics,
//! Ads and AMP, Meta, Microsoft, Yandex, Adobe, AT Internet, comScore, Webtrekk,
//! Matomo, HubSpot, Mailchimp, Marketo, Klaviyo, Vero, Blueshift, Omeda,
//! Cxense, Outbrain, Taboola, impact.com, Branch, Adjust, WordPress.
//!
//! One name a line, in lists of a stated length: elsewhere a list once lost a
//! comma, which fused two names so that neither was removed. The tests try each
//! name alone.

/// Whether only trackers use this lower-case name.
pub(super) fn is_tracker(name: &str) -> bool {
    TRACKERS.binary_search(&name).is_ok()
        || TRACKER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the name tells a referrer on some sites and chooses what is shown on
/// others: the value decides.
pub(super) fn is_referrer(name: &str) -> bool {
    REFERRERS.binary_search(&name).is_ok()
}

/// Whether the word names a place where readers come from.
pub(super) fn is_channel(word: &str) -> bool {
    CHANNELS.binary_search(&word).is_ok()
}

/// Whether the name, as a flag, says that a feed led here.
pub(super) fn is_feed_flag(name: &str) -> bool {
    matches!(name, "rss" | "rssfeed" | "from_rss" | "fromrss")
}

/// Whether the name, as a flag, asks for the AMP or the mobile page.
pub(super) fn is_switch(name: &str) -> bool {
    SWITCHES.binary_search(&name).is_ok()
}

/// Whether the name chooses a form of the page, on some sites.
pub(super) fn is_view(name: &str) -> bool {
    VIEWS.binary_search(&name).is_ok()
}

const TRACKER_PREFIXES: [&str; 21] = [
    "_sgm_",
    "adjust_",
    "bsft_",
    "cm_mmc",
    "dpg_",
    "hmb_",
    "hsa_",
    "itm_",
    "matomo_",
    "mtm_",
    "oly_",
    "otm_",
    "piwik_",
    "pk_campaign",
    "pk_kwd",
    "taboola_",
    "utm-",
    "utm_",
    "vero_",
    "wt.mc_",
    "wt_mc",
];

/// Lower-case and sorted. `ref`, `source`, `from` and `sort` are missing on
/// purpose: on some site each of them chooses what is shown; see [`REFERRERS`].
const TRACKERS: [&str; 165] = [
    "__cft__",
    "__hsfp",
    "__hssc",
    "__hstc",
    "__io_lv",
    "__tn__",
    "__twitter_impression",
    "__xts__",
    "_branch_match_id",
    "_branch_referrer",
    "_clde",
    "_cldee",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_io_session_id",
    "_ke",
    "_kx",
    "_openstat",
    "action_object_map",
    "action_ref_map",
    "action_type_map",
    "admitad_uid",
    "amp_ct",
    "amp_gsa",
    "amp_js_v",
    "amp_latest_update_time",
    "amp_lite",
    "amp_r",
    "amp_tf",
    "aoh",
    "at_bbc_team",
    "at_campaign",
    "at_campaign_type",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "at_custom5",
    "at_format",
    "at_link_id",
    "at_link_origin",
    "at_link_type",
    "at_medium",
    "at_ptr_name",
    "awc",
    "awesm",
    "cm_cr",
    "cm_me",
    "cm_sp",
    "cmpid",
    "cx_artpos",
    "cx_click",
    "cx_experienceid",
    "cx_navsource",
    "cx_recsorder",
    "cx_recswidget",
    "cx_tag",
    "cx_testid",
    "cx_testvariant",
    "dclid",
    "dicbo",
    "doing_wp_cron",
    "ebisadid",
    "ef_id",
    "emci",
    "emdi",
    "epik",
    "famad_xuid",
    "fb_action_ids",
    "fb_action_types",
    "fb_comment_id",
    "fb_ref",
    "fb_source",
    "fbclid",
    "feedname",
    "ga_campaign",
    "ga_content",
    "ga_medium",
    "ga_place",
    "ga_source",
    "ga_term",
    "gaa_at",
    "gaa_n",
    "gaa_sig",
    "gaa_ts",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "gs_l",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "hss_channel",
    "igsh",
    "igshid",
    "int_cmp",
    "intcmp",
    "ir_adid",
    "ir_campaignid",
    "ir_partnerid",
    "irclickid",
    "irgwc",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mibextid",
    "mindbox-click-id",
    "mindbox-message-key",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "ns_campaign",
    "ns_fee",
    "ns_linkname",
    "ns_mchannel",
    "ns_source",
    "obclickid",
    "oborigurl",
    "oprtrack",
    "pk_cid",
    "pk_content",
    "pk_keyword",
    "pk_medium",
    "pk_source",
    "pk_vid",
    "rb_clickid",
    "rdt_cid",
    "ref_src",
    "ref_url",
    "replytocom",
    "rtkcid",
    "s_cid",
    "s_kwcid",
    "sccid",
    "soc_src",
    "soc_trk",
    "spref",
    "srsltid",
    "sscid",
    "tblci",
    "tduid",
    "tracking_source",
    "ttclid",
    "twclid",
    "user_email_address",
    "usqp",
    "vc_lpp",
    "wbraid",
    "wickedid",
    "wpisrc",
    "wpmm",
    "wprov",
    "wt_zmc",
    "xtcr",
    "xtor",
    "xtref",
    "yclid",
    "ymclid",
    "ysclid",
];

/// Lower-case and sorted.
const REFERRERS: [&str; 26] = [
    "ana", "cmp", "emc", "feedtype", "from", "fsrc", "icid", "maca", "mbid", "ncid", "ocid",
    "origin", "partner", "ref", "ref_", "referer", "referrer", "share", "smid", "smtyp", "source",
    "sr_share", "src", "tsrc", "via", "xid",
];

/// Lower-case and sorted.
const CHANNELS: [&str; 31] = [
    "applenews",
    "bluesky",
    "email",
    "facebook",
    "fb",
    "feedburner",
    "feedly",
    "flipboard",
    "googlenews",
    "instagram",
    "linkedin",
    "mastodon",
    "mrss",
    "newsletter",
    "newsletters",
    "pinterest",
    "pocket",
    "reddit",
    "rss",
    "rss2",
    "share",
    "sharing",
    "smartnews",
    "social",
    "socialflow",
    "telegram",
    "tumblr",
    "twitter",
    "vk",
    "whatsapp",
    "xing",
];

/// Lower-case and sorted; `hs_amp` is HubSpot's.
const SWITCHES: [&str; 7] = ["_amp", "amp", "hs_amp", "is_amp", "isamp", "mobile", "noamp"];

/// Lower-case and sorted.
const VIEWS: [&str; 12] = [
    "device",
    "display",
    "format",
    "layout",
    "mode",
    "output",
    "outputtype",
    "platform",
    "template",
    "tmpl",
    "version",
    "view",
];

#[cfg(test)]
mod tests {
    use super::super::significant_query;
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(TRACKERS.is_sorted());
        assert!(REFERRERS.is_sorted());
        assert!(CHANNELS.is_sorted());
        assert!(SWITCHES.is_sorted());
        assert!(VIEWS.is_sorted());
    }

    #[test]
    fn each_tracking_name_alone_is_removed() {
        for name in TRACKERS.iter().chain(&TRACKER_PREFIXES) {
            assert_eq!(significant_query("/view.php", &format!("{name}=1")), None, "{name}");
            let upper = name.to_ascii_uppercase();
            let kept = significant_query("/view.php", &format!("id=1&{upper}=x"));
            assert_eq!(kept.as_deref(), Some("?id=1"), "{name}");
        }
    }

    #[test]
    fn each_referrer_is_removed_with_each_channel_only() {
        for name in REFERRERS {
            for channel in CHANNELS {
                let query = format!("id=1&{name}={channel}");
                assert_eq!(significant_query("/", &query).as_deref(), Some("?id=1"), "{query}");
            }
            let query = format!("{name}=1234");
            assert_eq!(significant_query("/", &query), Some(format!("?{query}")));
        }
    }
}
