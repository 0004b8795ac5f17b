//! The two ways to page: by number with a full `Link` header, and forward only from an id.

use crate::refusal::Refusal;

/// Rows per page when a request names none (ConnectWise developer guide).
const SIZE_DEFAULT: usize = 25;
/// Rows per page at most; more is capped without a word (seen in the field).
const SIZE_MAX: usize = 1000;

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// `page`, from 1, and `pageSize`.
    Number { page: usize, size: usize },
    /// Rows with a larger id than `after`, in order of their ids.
    Forward { after: i64, size: usize },
}

/// The parameters that concern paging, as they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub(super) page: Option<&'a str>,
    pub(super) size: Option<&'a str>,
    pub(super) page_id: Option<&'a str>,
    /// The server's own limits.
    pub(super) limits: Limits,
    /// The header `pagination-type: forward-only`.
    pub(super) forward_only: bool,
    pub(super) ordered: bool,
}

/// What a server gives at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    /// Rows on a page, whatever is asked for.
    pub(super) rows: Option<usize>,
    /// A larger `pageSize` is refused.
    pub(super) size: Option<usize>,
}

impl Page {
    /// # Errors
    /// 400 when a number is none or too large for this server, and when `orderBy` is combined with forward-only paging.
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, Refusal> {
        let wanted = number("pageSize", asked.size)?.filter(|size| *size > 0);
        if let (Some(wanted), Some(most)) = (wanted, asked.limits.size)
            && wanted > most
        {
            return Err(Refusal::binder(format!("pageSize must be between 1 and {most}.")));
        }
        let size = wanted.unwrap_or(SIZE_DEFAULT).min(SIZE_MAX).min(asked.limits.rows.unwrap_or(SIZE_MAX));
        if !asked.forward_only {
            return Ok(Self::Number { page: number("page", asked.page)?.unwrap_or(1).max(1), size });
        }
        if asked.ordered {
            return Err(Refusal::binder("orderBy is not supported with forward-only pagination."));
        }
        let after = number::<i64>("pageId", asked.page_id)?.unwrap_or_default();
        Ok(Self::Forward { after, size })
    }

    /// The `Link` header (RFC 5988) of a page by number out of `rows` in all; `url` builds an address from parameters.
    pub(super) fn links(page: usize, size: usize, rows: usize, url: impl Fn(&[(&str, String)]) -> String) -> String {
        let last = rows.div_ceil(size).max(1);
        let link = |page: usize, rel: &str| {
            let address = url(&[("pageSize", size.to_string()), ("page", page.to_string())]);
            format!("<{address}>; rel=\"{rel}\"")
        };
        let mut links = Vec::new();
        if page < last {
            links.push(link(page + 1, "next"));
            links.push(link(last, "last"));
        }
        if page > 1 {
            links.push(link(1, "first"));
            links.push(link((page - 1).min(last), "prev"));
        }
        links.join(", ")
    }

    /// The `Link` header of a forward-only page: next is always present (ConnectWise developer guide).
    pub(super) fn forward_link(last_id: i64, size: usize, url: impl Fn(&[(&str, String)]) -> String) -> String {
        let address = url(&[("pageSize", size.to_string()), ("pageId", last_id.to_string())]);
        format!("<{address}>; rel=\"next\"")
    }
}

fn number<T: std::str::FromStr>(name: &str, value: Option<&str>) -> Result<Option<T>, Refusal> {
    let parse =
        |text: &str| text.parse().map_err(|_| Refusal::binder(format!("The value '{text}' is not valid for {name}.")));
    value.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(parameters: &[(&str, String)]) -> String {
        let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("http://cw/x?{}", pairs.join("&"))
    }

    #[test]
    fn a_client_that_forgets_the_page_size_gets_25_rows_and_one_that_asks_for_more_gets_1000() {
        assert_eq!(Page::parse(Asked::default()), Ok(Page::Number { page: 1, size: 25 }));
        let asked = Asked { size: Some("5000"), page: Some("2"), ..Asked::default() };
        assert_eq!(Page::parse(asked), Ok(Page::Number { page: 2, size: 1000 }));
        let wrong = Asked { size: Some("many"), ..Asked::default() };
        assert_eq!(Page::parse(wrong).map_err(|refusal| refusal.status), Err(400));
    }

    #[test]
    fn next_is_absent_on_the_last_page_only() {
        let links = Page::links(2, 10, 25, url);
        assert!(links.contains("<http://cw/x?pageSize=10&page=3>; rel=\"next\""), "{links}");
        assert!(links.contains("rel=\"first\"") && links.contains("rel=\"prev\"") && links.contains("rel=\"last\""));
        assert!(!Page::links(3, 10, 25, url).contains("next"));
        assert_eq!(Page::links(1, 10, 10, url), "");
    }

    #[test]
    fn forward_only_goes_by_id_ignores_page_and_forbids_an_order() {
        let asked = Asked { forward_only: true, page: Some("7"), page_id: Some("123"), ..Asked::default() };
        assert_eq!(Page::parse(asked), Ok(Page::Forward { after: 123, size: 25 }));
        let ordered = Asked { ordered: true, ..asked };
        assert_eq!(Page::parse(ordered).map_err(|refusal| refusal.status), Err(400));
        assert!(Page::forward_link(150, 25, url).contains("pageId=150"));
    }
}
