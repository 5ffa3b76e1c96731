-- Behind the step that moved the articles into partitions: an article that moved did not change.

DROP TABLE article_unpartitioned;
CREATE TRIGGER article_numbered BEFORE INSERT OR UPDATE ON article
    FOR EACH ROW EXECUTE FUNCTION courant_number_change();
CREATE TRIGGER article_deleted AFTER DELETE ON article
    FOR EACH ROW EXECUTE FUNCTION courant_number_change();
CREATE TRIGGER article_revised AFTER UPDATE ON article FOR EACH ROW
    WHEN (old.revision <> new.revision) EXECUTE FUNCTION courant_keep_revision();
CREATE TRIGGER article_facts_deleted AFTER DELETE ON article
    FOR EACH ROW EXECUTE FUNCTION courant_forget_facts();
